#include "store/output_file.h"

#include <fmt/format.h>

#include <filesystem>

#include "store/files.h"
#include "store/output_folder.h"

namespace jaxsmith::store {
namespace {

namespace fs = std::filesystem;

Error refused(const Output& output, std::string_view why) {
  return Error::usage(fmt::format("{} {}: {}", output.option, output.path, why));
}

std::string read_from(const std::string& input) { return input == "-" ? "/dev/stdin" : input; }

// Whether both are there and are one file or folder.
bool same(const fs::path& a, const fs::path& b) {
  std::error_code error;
  return fs::equivalent(a, b, error) && !error;
}

// Where it lies, whether it is there or not.
fs::path place_of(const std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  const fs::path real = fs::weakly_canonical(absolute, error);
  return error ? absolute.lexically_normal() : real;
}

bool lies_in(const std::string& path, const std::string& folder) {
  const fs::path place = place_of(path);
  for (fs::path at = place.parent_path();; at = at.parent_path()) {
    if (same(at, folder)) return true;
    if (at == at.parent_path()) return false;
  }
}

}  // namespace

Status check_output_files(const std::vector<Output>& files,
                          const std::vector<std::string>& inputs) {
  for (std::size_t i = 0; i < files.size(); ++i) {
    const Output& file = files[i];
    if (file.path.empty() || is_special(file.path)) continue;
    for (const std::string& input : inputs)
      if (same(file.path, read_from(input)))
        return refused(file, "it is an input as well, which would be lost; name another file");
    JAXSMITH_CHECK(check_output_folder(file, inputs));
    if (const auto dataset = part_of_dataset(place_of(file.path).string()))
      return refused(file,
                     fmt::format("it is part of the dataset in {}; name another file", *dataset));
    for (std::size_t k = 0; k < i; ++k)
      if (same(file.path, files[k].path) || place_of(file.path) == place_of(files[k].path))
        return refused(file,
                       fmt::format("{} has the same file; name another file", files[k].option));
    JAXSMITH_CHECK(check_writable(file.path));
  }
  return {};
}

Status check_output_folder(const Output& folder, const std::vector<std::string>& inputs) {
  for (const std::string& input : inputs)
    if (!input.empty() && lies_in(folder.path, input))
      return refused(folder, fmt::format("it lies in {}, which is read; name another", input));
  return {};
}

}  // namespace jaxsmith::store
