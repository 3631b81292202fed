// The same checks without libFuzzer: seeds, and changes of them, a given number of times.
//
// usage: fuzz_TARGET SEEDS… -runs=N | -max_total_time=SECONDS
#include <chrono>
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
  long runs = 10000, seconds = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument.starts_with("-runs=")) {
      runs = std::atol(argument.c_str() + 6);
      continue;
    }
    if (argument.starts_with("-max_total_time=")) {
      seconds = std::atol(argument.c_str() + 16);
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
  // So that a crash leaves what it came from.
  const auto check = [](const std::string& input) {
    std::ofstream("fuzz-" JAXSMITH_FUZZ_TARGET "-last", std::ios::binary) << input;
    jaxsmith::fuzz::check(JAXSMITH_FUZZ_TARGET, input);
  };
  for (const std::string& seed : seeds) check(seed);
  constexpr std::size_t kMost = 1 << 14;
  std::minstd_rand random(1);
  std::string text;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  long run = 0;
  for (; seconds ? std::chrono::steady_clock::now() < end : run < runs; ++run) {
    if (run % 8 == 0) text = seeds[random() % seeds.size()];
    text.resize(kMost + text.size());
    const std::size_t size = text.size() - kMost;
    const auto change = random() % 4 ? jaxsmith::fuzz::mutate : jaxsmith::fuzz::mutate_bytes;
    text.resize(change(text.data(), size, kMost + size, random()));
    check(text);
  }
  std::filesystem::remove("fuzz-" JAXSMITH_FUZZ_TARGET "-last");
  std::printf("Done %ld runs\n", run);
}
