// hnswlib built natively, as a contender: reads raw float32 rows, answers one query at a time on one
// thread. Commands and replies are those of src/child.mjs.
//
//   hnsw BASE QUERIES n nq d k l2sq|cosine M efConstruction seed
#include <hnswlib/hnswlib.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>
#include <ctime>

namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double cpuSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

std::vector<float> readFloats(const char *path, size_t count) {
  std::vector<float> rows(count);
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char *>(rows.data()), static_cast<std::streamsize>(count * sizeof(float)));
  if (!file) {
    std::fprintf(stderr, "cannot read %zu floats from %s\n", count, path);
    std::exit(1);
  }
  return rows;
}

long long residentBytes() {
  std::ifstream file("/proc/self/statm");
  long long pages = 0, resident = 0;
  file >> pages >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

const char *simdLevel() {
#if defined(USE_AVX512)
  return "AVX-512";
#elif defined(USE_AVX)
  return "AVX";
#elif defined(USE_SSE)
  return "SSE";
#else
  return "none";
#endif
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 11) {
    std::fprintf(stderr, "usage: hnsw BASE QUERIES n nq d k l2sq|cosine M efConstruction seed\n");
    return 2;
  }
  const size_t n = std::stoul(argv[3]), nq = std::stoul(argv[4]), d = std::stoul(argv[5]), k = std::stoul(argv[6]);
  const bool cosine = std::string(argv[7]) == "cosine";
  const size_t M = std::stoul(argv[8]), efConstruction = std::stoul(argv[9]), seed = std::stoul(argv[10]);
  const std::vector<float> base = readFloats(argv[1], n * d), queries = readFloats(argv[2], nq * d);

  // Rows of a cosine set have unit length, for which inner product ranks the same.
  std::unique_ptr<hnswlib::SpaceInterface<float>> space;
  if (cosine) space = std::make_unique<hnswlib::InnerProductSpace>(d);
  else space = std::make_unique<hnswlib::L2Space>(d);
  std::unique_ptr<hnswlib::HierarchicalNSW<float>> index;
  size_t consumed = 0;

  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command;
    words >> command;
    if (command == "quit") break;
    if (command == "build") {
      const long long before = residentBytes();
      const double cpu = cpuSeconds();
      const auto start = Clock::now();
      index = std::make_unique<hnswlib::HierarchicalNSW<float>>(space.get(), n, M, efConstruction, seed);
      for (size_t i = 0; i < n; i++) index->addPoint(&base[i * d], i);
      std::printf("{\"seconds\":%.6f,\"cpu\":%.6f,\"rss\":%lld}\n", since(start), cpuSeconds() - cpu,
                  residentBytes() - before);
    } else if (command == "save" || command == "load") {
      std::string path;
      std::getline(words >> std::ws, path);
      const auto start = Clock::now();
      if (command == "save") index->saveIndex(path);
      else index = std::make_unique<hnswlib::HierarchicalNSW<float>>(space.get(), path);
      std::printf("{\"seconds\":%.6f}\n", since(start));
    } else if (command == "answers") {
      size_t ef = 0;
      std::string path;
      words >> ef;
      std::getline(words >> std::ws, path);
      index->setEf(ef);
      std::vector<int32_t> ids(nq * k, -1);
      for (size_t q = 0; q < nq; q++) {
        auto found = index->searchKnn(&queries[q * d], k);
        for (size_t i = found.size(); i-- > 0; found.pop()) ids[q * k + i] = static_cast<int32_t>(found.top().second);
      }
      std::ofstream file(path, std::ios::binary);
      file.write(reinterpret_cast<const char *>(ids.data()), static_cast<std::streamsize>(ids.size() * 4));
      std::printf(file ? "{}\n" : "{\"error\":\"cannot write the answers\"}\n");
    } else if (command == "time") {
      size_t ef = 0;
      double seconds = 0;
      words >> ef >> seconds;
      index->setEf(ef);
      const auto warm = Clock::now();
      for (size_t q = 0; q < nq && since(warm) < std::min(0.1, seconds / 5); q++)
        consumed ^= index->searchKnn(&queries[q * d], k).top().second;
      const double cpu = cpuSeconds();
      const auto start = Clock::now();
      size_t passes = 0;
      double elapsed = 0;
      do {
        for (size_t q = 0; q < nq; q++) consumed ^= index->searchKnn(&queries[q * d], k).top().second;
        passes++;
        elapsed = since(start);
      } while (elapsed < seconds);
      std::printf("{\"queries\":%zu,\"seconds\":%.6f,\"cpu\":%.6f,\"consumed\":%zu}\n", passes * nq, elapsed,
                  cpuSeconds() - cpu, consumed);
    } else if (command == "facts") {
      std::printf("{\"simd\":\"%s\"}\n", simdLevel());
    } else {
      std::printf("{\"error\":\"unknown command\"}\n");
    }
    std::fflush(stdout);
  }
  return 0;
}
