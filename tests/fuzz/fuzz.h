// What is asked of a reader for any bytes whatever.
#pragma once

#include <cstdint>
#include <string_view>

namespace jaxsmith::fuzz {

// "jaxpr", "stablehlo", "hlo": a text. Parses; a module that is read is printed, read again and
// printed the same; verifies; what verifies and takes little is run within a small budget.
// "score", "rows", "npy": a file (files.cc). Aborts where one of these does not hold or where it
// takes more than ten times its budget (metering.h); any error of the reader's is fine.
void check(std::string_view target, std::string_view bytes);

// Predictions as JSON lines or Parquet: read, and graded against the rows of JAXSMITH_FUZZ_DATASET.
void check_predictions(std::string_view bytes);
// A dataset's file, or a row as JSON that becomes one: read, and its texts run on its case.
void check_dataset(std::string_view bytes);
// A .npy file: what is read is the same once it is written.
void check_npy(std::string_view bytes);

// A change of a text by its tokens and lines, which keeps more of it meaningful than a change of
// bytes. At most `most` bytes are written; the new size.
std::size_t mutate(char* text, std::size_t size, std::size_t most, std::uint32_t seed);
// A change of bytes.
std::size_t mutate_bytes(char* bytes, std::size_t size, std::size_t most, std::uint32_t seed);

}  // namespace jaxsmith::fuzz
