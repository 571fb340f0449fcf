export default function BenchPage() {
  return <h1>Bench</h1>;
}
