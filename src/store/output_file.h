// What a command is asked to write, looked at before its work: that it takes nothing away.
//
//   JAXSMITH_CHECK(check_output_files({{"--out", out}}, {predictions, dataset}));
//
// Any other file that is there is replaced, as it was asked for.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace jaxsmith::store {

// An option and the path that was given with it; empty where none was.
struct Output {
  std::string option, path;
};

// Whether these files may be written. `inputs`: files and folders that the command reads; "-" is
// standard input. A usage error where a file is an input, by device and inode and so through links
// as well, or lies in a folder that is an input; where it is part of a dataset (part_of_dataset);
// where two are the same; where one is a folder. An environment error where one cannot be written
// (check_writable). A device or a pipe takes nothing away.
Status check_output_files(const std::vector<Output>& files, const std::vector<std::string>& inputs);
// Whether this folder may be made: a usage error where it lies in a folder that is an input. What
// it holds is OutputFolder's to look at.
Status check_output_folder(const Output& folder, const std::vector<std::string>& inputs);

}  // namespace jaxsmith::store
