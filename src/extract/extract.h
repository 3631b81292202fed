// Any JAX function, by name: what `jaxsmith extract` asks the user's Python for.
//
//   ExtractRequest request{.target = "model.py::loss", .arguments = {"f32[8,8]"}};
//   JAXSMITH_TRY(record, extract(request, installation, cancel));
//   fmt::print("{}", record.shown.at(level::kStablehlo));
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "check/sample.h"
#include "extract/record.h"
#include "store/output_folder.h"
#include "trace/installation.h"

namespace jaxsmith::extract {

struct ExtractRequest {
  std::string target;                  // "file.py::function" or "package.module:function"
  std::vector<std::string> arguments;  // "f32[8,8]", "name=f32[8,8]"
  std::vector<std::string> statics;    // "name=value"
  std::optional<std::string> example;  // a Python expression for the arguments
  std::vector<std::string> transforms;
  std::vector<level::Level> levels;
  bool x64 = false;
  int devices = 1;
  bool with_case = false;   // runs the function
  bool with_spans = false;  // alignment of the levels with the source
};

// What the function prints on the way goes to standard error. What JAX cannot make, or ends the
// process that it runs in, is in the record's `missing`; errors are for a misuse and for a function
// that cannot be traced, with JAX's reason and the function's line.
Result<Record> extract(const ExtractRequest& request, const trace::Installation& installation,
                       const std::atomic<bool>& cancel);

// A dataset of what has been extracted, in a folder that was claimed before the work. The samples'
// checks are in it.
Status write_extracted(std::unique_ptr<store::OutputFolder> folder,
                       std::vector<check::Sample> samples, const trace::Versions& versions,
                       const trace::Installation& installation);

}  // namespace jaxsmith::extract
