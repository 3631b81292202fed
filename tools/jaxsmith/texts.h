// Files of IR that a user names.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "check/program.h"
#include "check/tally.h"

namespace jaxsmith::cli {

// A folder, or a Parquet file by its first bytes. Of a pipe nothing is read.
bool is_dataset(const std::string& path);

// One module of a file: several stand in one, divided by lines `// -----`.
struct TextPart {
  level::Level level;
  std::string text;  // blank lines before it: places are those of the file
};

// For one_of.
std::vector<std::string> level_words();

// "-": standard input. `levels`: names of what the user says they are; otherwise the first words or
// the ending of the file's name tell.
Result<std::vector<TextPart>> read_parts(const std::string& path,
                                         const std::vector<std::string>& levels);

// `jaxsmith check FILE`: prints a line for each module and adds it to `found`; whether all hold.
Result<bool> check_file(const std::string& path, const tensor::Budget& budget,
                        const std::vector<std::string>& levels, check::ReadingTally& found);

}  // namespace jaxsmith::cli
