// Annoy as a contender: 50 trees, one query a call, on one thread. Needs the headers annoylib.h and kissrandom.h (Debian's
// r-cran-rcppannoy has them).
//
//     annoy BASE QUERIES n nq d k l2sq|cosine trees
//
// A setting is search_k. Commands and replies are those of src/child.mjs.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "annoylib.h"
#include "kissrandom.h"

// Newer releases put everything into a namespace.
namespace Annoy {}
using namespace Annoy;

using Clock = std::chrono::steady_clock;
using Policy = AnnoyIndexSingleThreadedBuildPolicy;
using Interface = AnnoyIndexInterface<int32_t, float>;

static double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

static double cpuSeconds() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

static std::vector<float> readFloats(const char *path, size_t count) {
  std::vector<float> floats(count);
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char *>(floats.data()), static_cast<std::streamsize>(count * 4));
  return floats;
}

int main(int argc, char **argv) {
  if (argc != 9) {
    std::fprintf(stderr, "usage: annoy BASE QUERIES n nq d k l2sq|cosine trees\n");
    return 2;
  }
  const size_t n = std::stoul(argv[3]), nq = std::stoul(argv[4]), d = std::stoul(argv[5]), k = std::stoul(argv[6]);
  const bool cosine = std::string(argv[7]) == "cosine";
  const int trees = std::stoi(argv[8]);
  const std::vector<float> base = readFloats(argv[1], n * d), queries = readFloats(argv[2], nq * d);
  std::unique_ptr<Interface> index;
  if (cosine)
    index = std::make_unique<AnnoyIndex<int32_t, float, Angular, Kiss64Random, Policy>>(
        static_cast<int>(d));
  else
    index = std::make_unique<AnnoyIndex<int32_t, float, Euclidean, Kiss64Random, Policy>>(
        static_cast<int>(d));
  size_t consumed = 0;
  std::vector<int32_t> found;
  const auto search = [&](size_t q, int searchK) {
    found.clear();
    index->get_nns_by_vector(&queries[q * d], k, searchK, &found, nullptr);
    consumed ^= found.empty() ? 0 : static_cast<size_t>(found[0]);
  };

  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command;
    words >> command;
    if (command == "quit") break;
    if (command == "build") {
      const double cpu = cpuSeconds();
      const auto start = Clock::now();
      for (size_t i = 0; i < n; i++) index->add_item(static_cast<int32_t>(i), &base[i * d]);
      index->build(trees);
      std::printf("{\"seconds\":%.6f,\"cpu\":%.6f}\n", since(start), cpuSeconds() - cpu);
    } else if (command == "answers") {
      int searchK = 0;
      std::string path;
      words >> searchK;
      std::getline(words >> std::ws, path);
      std::vector<int32_t> ids(nq * k, -1);
      for (size_t q = 0; q < nq; q++) {
        search(q, searchK);
        for (size_t i = 0; i < found.size(); i++) ids[q * k + i] = found[i];
      }
      std::ofstream file(path, std::ios::binary);
      file.write(reinterpret_cast<const char *>(ids.data()), static_cast<std::streamsize>(ids.size() * 4));
      std::printf(file ? "{}\n" : "{\"error\":\"cannot write the answers\"}\n");
    } else if (command == "time") {
      int searchK = 0;
      double seconds = 0;
      words >> searchK >> seconds;
      const auto warm = Clock::now();
      for (size_t q = 0; q < nq && since(warm) < std::min(0.1, seconds / 5); q++) search(q, searchK);
      const double cpu = cpuSeconds();
      const auto start = Clock::now();
      size_t passes = 0;
      double elapsed = 0;
      do {
        for (size_t q = 0; q < nq; q++) search(q, searchK);
        passes++;
        elapsed = since(start);
      } while (elapsed < seconds);
      std::printf("{\"queries\":%zu,\"seconds\":%.6f,\"cpu\":%.6f,\"consumed\":%zu}\n", passes * nq, elapsed,
                  cpuSeconds() - cpu, consumed);
    } else if (command == "facts") {
      std::printf("{}\n");
    } else {
      std::printf("{\"error\":\"unknown command\"}\n");
    }
    std::fflush(stdout);
  }
  return 0;
}
