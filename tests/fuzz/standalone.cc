// The same checks without libFuzzer: seeds, and changes of them, a given number of times.
//
// usage: fuzz_LEVEL SEEDS… -runs=N
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "fuzz/fuzz.h"

int main(int argc, char** argv) {
  std::vector<std::string> seeds;
  long runs = 10000;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument.starts_with("-runs=")) {
      runs = std::atol(argument.c_str() + 6);
      continue;
    }
    if (argument.starts_with("-")) continue;
    for (const auto& entry : std::filesystem::directory_iterator(argument)) {
      std::ifstream file(entry.path(), std::ios::binary);
      std::stringstream text;
      text << file.rdbuf();
      seeds.push_back(text.str());
    }
  }
  if (seeds.empty()) {
    std::fprintf(stderr, "no seeds: name folders of texts\n");
    return 2;
  }
  for (const std::string& seed : seeds) jaxsmith::fuzz::check(JAXSMITH_FUZZ_LEVEL, seed);
  constexpr std::size_t kMost = 1 << 14;
  std::minstd_rand random(1);
  std::string text;
  for (long run = 0; run < runs; ++run) {
    if (run % 8 == 0) text = seeds[random() % seeds.size()];
    text.resize(kMost + text.size());
    const std::size_t size = text.size() - kMost;
    text.resize(jaxsmith::fuzz::mutate(text.data(), size, kMost, random()));
    // So that a crash leaves what it came from.
    std::ofstream("fuzz-" JAXSMITH_FUZZ_LEVEL "-last", std::ios::binary) << text;
    jaxsmith::fuzz::check(JAXSMITH_FUZZ_LEVEL, text);
  }
  std::filesystem::remove("fuzz-" JAXSMITH_FUZZ_LEVEL "-last");
  std::printf("Done %ld runs\n", runs);
}
