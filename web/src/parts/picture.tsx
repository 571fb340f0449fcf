import { useEffect, useState } from "preact/hooks";
import type { SetDetails } from "../../../src/server/protocol.ts";
import { placeOf, source } from "../client/index.ts";
import "./picture.css";

interface PictureProps {
  readonly set: SetDetails;
  readonly row: number;
  /** Width and height on the page, CSS pixels. */
  readonly size: number;
  /** What it shows; empty where words beside it say so. */
  readonly label?: string;
}

/** The picture of one row, cut from its sheet. Nothing for sets without pictures. */
export function Picture({ set, row, size, label = "" }: PictureProps) {
  const place = placeOf(set, row);
  const address = useSheet(set.name, place?.sheet);
  if (place === undefined) return null;
  const style = {
    width: `${size}px`,
    height: `${size}px`,
    ...(address !== undefined && {
      backgroundImage: `url("${address}")`,
      backgroundSize: `${place.columns * size}px ${place.lines * size}px`,
      backgroundPosition: `${-place.column * size}px ${-place.line * size}px`,
    }),
  };
  const named =
    label === "" ? { "aria-hidden": true as const } : { role: "img" as const, "aria-label": label };
  return <span class="picture" style={style} {...named} />;
}

/** Address of a sheet, as soon as it is known. */
function useSheet(set: string, sheet: number | undefined): string | undefined {
  const [address, setAddress] = useState<string>();
  const from = source.value;
  useEffect(() => {
    let wanted = true;
    if (sheet !== undefined) {
      from.sheet(set, sheet).then(
        (found) => wanted && setAddress(found),
        () => wanted && setAddress(undefined),
      );
    }
    return () => {
      wanted = false;
    };
  }, [from, set, sheet]);
  return address;
}
