// The entry points of libFuzzer. JAXSMITH_FUZZ_TARGET says what is fuzzed.
#include "fuzz/fuzz.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  jaxsmith::fuzz::check(JAXSMITH_FUZZ_TARGET, {reinterpret_cast<const char*>(data), size});
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned int seed) {
  if (seed % 4 == 0) return LLVMFuzzerMutate(data, size, most);
  return jaxsmith::fuzz::mutate(reinterpret_cast<char*>(data), size, most, seed);
}
