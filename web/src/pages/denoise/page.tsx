export default function DenoisePage() {
  return <h1>Denoise</h1>;
}
