#include "store/manifest.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "store/files.h"

namespace jaxsmith::store {

using Json = nlohmann::ordered_json;

Json manifest_of(const CardFigures& figures) {
  Json manifest;
  manifest["complete"] = figures.complete;
  manifest["rows"] = figures.rows;
  for (const std::string_view split : splits_of(figures)) {
    const auto found = figures.splits.find(std::string(split));
    manifest["splits"][std::string(split)] = found == figures.splits.end() ? 0 : found->second;
  }
  for (const auto& [category, splits] : figures.categories) {
    std::uint64_t rows = 0;
    for (const auto& [split, n] : splits) rows += n;
    manifest["categories"][category] = rows;
  }
  manifest["inert"] = {{"rows", figures.inert.rows},
                       {"mean", figures.inert.mean()},
                       {"rows_over_half", figures.inert.share_over_half()}};
  for (int d = check::kEasiest; d <= check::kHardest; ++d)
    manifest["difficulty"][std::to_string(d)] = figures.difficulty.of(d);
  manifest["rejects"] = figures.rejects;
  return manifest;
}

Result<Json> file_entries(const std::string& out, std::uint64_t& bytes) {
  std::vector<std::string> names = {"rejects.parquet"};
  for (const auto& entry : std::filesystem::directory_iterator(out + "/data"))
    names.push_back("data/" + entry.path().filename().string());
  std::sort(names.begin(), names.end());
  Json files = Json::array();
  for (const std::string& name : names) {
    JAXSMITH_TRY(entry, file_entry(out, name));
    bytes += entry.bytes;
    files.push_back(entry);
  }
  return files;
}

Status write_manifest(const std::string& out, const Json& manifest) {
  return write_file(out + "/manifest.json",
                    manifest.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace jaxsmith::store
