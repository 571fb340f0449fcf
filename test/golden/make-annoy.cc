// Makes the files annoy-*.ann and annoy.json of this folder with Annoy's own code, from data of a formula; or loads a
// file and answers queries, to see whether Annoy reads what vicinal wrote. Needs Annoy's source (github.com/spotify/annoy):
//   g++ -O2 -I <annoy>/src test/golden/make-annoy.cc -o make-annoy && ./make-annoy make test/golden 1.17.3
//   ./make-annoy ask <metric> <dimension> <file> <k> <searchK>
// -DOLDER makes metric dot alone, as releases before 1.17.2 wrote it (the sources of the npm package annoy 4.0.0 do).
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>
#include "annoylib.h"
#include "kissrandom.h"
#ifndef OLDER
using namespace Annoy;
#endif
using std::string;
using std::vector;

static const int N = 70, D = 6, TREES = 3, QUERIES = 4, K = 5;

/** Component j of row i: a hash, spread over -1 … 1 in steps of 1/512. */
static float component(uint32_t i, uint32_t j) {
  uint32_t h = i * 2654435761u + j * 2246822519u + 374761393u;
  h ^= h >> 15, h *= 2246822519u, h ^= h >> 13;
  return (int(h % 1025u) - 512) / 512.0f;
}

template <typename T> static void fill(uint32_t i, vector<T>& v);
template <> void fill(uint32_t i, vector<float>& v) {
  for (size_t j = 0; j < v.size(); j++) v[j] = component(i, j);
}
template <> void fill(uint32_t i, vector<uint64_t>& v) {
  for (size_t w = 0; w < v.size(); w++) {
    v[w] = 0;
    for (int b = 0; b < 64; b++) v[w] |= uint64_t(component(i, w * 64 + b) > 0) << b;
  }
}

template <typename A, typename T> static string answers(A& index, int f, int k, int searchK, double& last) {
  string out = "[";
  for (int q = 0; q < QUERIES; q++) {
    vector<T> query(f), distances;
    vector<int32_t> ids;
    fill<T>(1000 + q, query);
    index.get_nns_by_vector(&query[0], k, searchK, &ids, &distances);
    out += q ? ", [" : "[";
    for (size_t i = 0; i < ids.size(); i++) {
      char pair[64];
      snprintf(pair, sizeof pair, "%s[%d, %.7g]", i ? ", " : "", ids[i], last = double(distances[i]));
      out += pair;
    }
    out += "]";
  }
  return out + "]";
}

template <typename D_, typename T>
static void run(const string& mode, const string& name, int f, int step, const string& path, int k, int searchK, string& json) {
#ifdef OLDER
  AnnoyIndex<int32_t, T, D_, Kiss64Random> index(f);
#else
  AnnoyIndex<int32_t, T, D_, Kiss64Random, AnnoyIndexSingleThreadedBuildPolicy> index(f);
#endif
  double last;
  if (mode == "ask") {
    if (!index.load(path.c_str())) exit(1);
    printf("{\"items\": %d, \"trees\": %d, \"answers\": %s}\n", index.get_n_items(), index.get_n_trees(),
           answers<decltype(index), T>(index, f, k, searchK, last).c_str());
    return;
  }
  vector<T> row(f);
  for (int i = 0; i < N; i += step) fill<T>(i, row), index.add_item(i, &row[0]);
  index.build(TREES);
  index.save((path + "/annoy-" + name + ".ann").c_str());
  json += (json.empty() ? "\n  \"" : ",\n  \"") + name + "\": {\"trees\": " + std::to_string(TREES) +
          ", \"step\": " + std::to_string(step) + ", \"answers\": " +
          answers<decltype(index), T>(index, f, K, 1 << 20, last) + "}";
}

int main(int, char** v) {
  string mode = v[1], json;
  if (mode == "ask") {
    string metric = v[2];
    int f = atoi(v[3]), k = atoi(v[5]), searchK = atoi(v[6]);
    if (metric == "dot") run<DotProduct, float>(mode, "", f, 1, v[4], k, searchK, json);
#ifndef OLDER
    if (metric == "angular") run<Angular, float>(mode, "", f, 1, v[4], k, searchK, json);
    if (metric == "euclidean") run<Euclidean, float>(mode, "", f, 1, v[4], k, searchK, json);
    if (metric == "manhattan") run<Manhattan, float>(mode, "", f, 1, v[4], k, searchK, json);
    if (metric == "hamming") run<Hamming, uint64_t>(mode, "", f / 64, 1, v[4], k, searchK, json);
#endif
    return 0;
  }
  string folder = v[2];
#ifdef OLDER
  run<DotProduct, float>(mode, "dot-older", D, 1, folder, 0, 0, json);
#else
  run<Angular, float>(mode, "angular", D, 1, folder, 0, 0, json);
  run<Euclidean, float>(mode, "euclidean", D, 1, folder, 0, 0, json);
  // Every other number is left out.
  run<Euclidean, float>(mode, "euclidean-holes", D, 2, folder, 0, 0, json);
  // As many rows as a leaf holds: each tree is one.
  run<Manhattan, float>(mode, "manhattan", D, 1, folder, 0, 0, json);
  run<Manhattan, float>(mode, "manhattan-leaves", 68, 1, folder, 0, 0, json);
  run<DotProduct, float>(mode, "dot", D, 1, folder, 0, 0, json);
  run<Hamming, uint64_t>(mode, "hamming", 1, 1, folder, 0, 0, json);
#endif
  std::ofstream(folder + (mode == "make" && json.find("older") != string::npos ? "/annoy-older.json" : "/annoy.json"))
      << "{\n  \"version\": \"" << v[3] << "\"," << json << "\n}\n";
}
