export default function RecommendPage() {
  return <h1>Recommend</h1>;
}
