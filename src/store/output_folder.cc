#include "store/output_folder.h"

#include <fmt/format.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <limits>

#include "base/hash.h"
#include "base/json.h"
#include "check/sample.h"
#include "store/files.h"

namespace jaxsmith::store {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Names = std::vector<std::string>;

constexpr const char* kOwn = ".jaxsmith";
constexpr const char* kLock = "lock";
constexpr const char* kMade = "made.json";
constexpr const char* kNew = "new";          // final files that are being written
constexpr const char* kPublish = "publish";  // all of them, on their way to their names
constexpr const char* kRecords = "records";
constexpr const char* kManifest = "manifest.json";
constexpr const char* kCard = "README.md";

Error in_folder(const std::string& out, std::string_view why) {
  return Error::usage(fmt::format("--out {}: {}", out, why));
}

bool exists(const std::string& path) {
  std::error_code error;
  return fs::exists(fs::symlink_status(path, error));
}

// Through a link nothing is made or deleted: what it leads to may be anybody's.
bool is_link(const std::string& path) {
  std::error_code error;
  return fs::is_symlink(fs::symlink_status(path, error));
}
bool is_folder(const std::string& path) {
  std::error_code error;
  return fs::is_directory(fs::symlink_status(path, error));
}

// The first of the folders on the way from `out` to a file in it that is none; empty where all are,
// or are still to be made.
std::string no_folder_on_the_way(const std::string& out, const std::string& name) {
  for (std::size_t at = name.find('/'); at != std::string::npos; at = name.find('/', at + 1)) {
    const std::string folder = name.substr(0, at);
    if (exists(out + "/" + folder) && !is_folder(out + "/" + folder)) return folder;
  }
  return "";
}

// Without a slash behind it, which would count as one more folder.
fs::path plain(const std::string& folder) {
  const fs::path out = fs::path(folder).lexically_normal();
  return out.has_filename() ? out : out.parent_path();
}

// Names in a folder, sorted; none where it is none.
Names names_in(const std::string& folder) {
  Names out;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    out.push_back(at->path().filename().string());
  std::sort(out.begin(), out.end());
  return out;
}

// Paths of the files below a folder, the manifest last.
Names files_below(const std::string& folder) {
  Names out;
  for (const std::string& name : names_in(folder)) {
    const std::string path = folder + "/" + name;
    if (!is_folder(path)) {
      out.push_back(name);
      continue;
    }
    for (const std::string& below : files_below(path)) out.push_back(name + "/" + below);
  }
  std::stable_partition(out.begin(), out.end(), [](const auto& name) { return name != kManifest; });
  return out;
}

// Left by a claim of which nothing has come.
bool is_idle_name(std::string_view name) { return name == kLock || name.starts_with(kMade); }

bool is_journal_name(std::string_view name) {
  return name.starts_with("run.json") || name == kNew || name == kPublish ||
         name.starts_with("segment-") || name.starts_with("rejects-");
}

// Such names of a user's would be in the way of final files.
bool is_shard_name(std::string_view name) {
  return name.ends_with(".parquet") &&
         std::any_of(kWords<check::Split>.begin(), kWords<check::Split>.end(),
                     [&](std::string_view split) {
                       return name.starts_with(split) && name.substr(split.size()).starts_with("-");
                     });
}

bool is_own_name(std::string_view name) {
  return is_idle_name(name) || is_journal_name(name) || name == kRecords;
}

// What a look at a folder shows.
struct Look {
  bool folder = false;    // it is one
  bool idle = true;       // nothing is in it but what an idle claim leaves
  bool own = false;       // jaxsmith's folder is in it
  bool linked = false;    // or a link in the place of that, or in it
  bool journal = false;   // with an unfinished dataset
  bool records = false;   // with an unfinished capture
  bool manifest = false;  // a dataset, finished or not
  bool complete = false;
};

// Null where there is none that can be read.
Json manifest_in(const std::string& folder) {
  const auto text = read_file(folder + "/" + kManifest);
  Json j = text.ok() ? Json::parse(text.value(), nullptr, false) : Json();
  return j.is_object() ? j : Json();
}

// Others have files of this name too.
bool is_manifest(const Json& j) {
  return j.is_object() && j.contains("complete") && j["complete"].is_boolean() &&
         j.contains("files") && j["files"].is_array();
}

bool lists(const Json& manifest, const std::string& name) {
  return std::ranges::any_of(manifest["files"], [&](const Json& file) {
    return file.is_object() && file.contains("path") && file["path"] == Json(name);
  });
}

bool says_complete(const std::string& folder) {
  const Json j = manifest_in(folder);
  return j.is_object() && j.contains("complete") && j["complete"] == Json(true);
}

Look look_at(const std::string& path) {
  Look out;
  std::error_code error;
  out.folder = fs::is_directory(path, error);
  if (!out.folder) return out;
  const std::string own = path + "/" + kOwn;
  out.linked = is_link(own);
  if (is_folder(own)) {
    const Names names = names_in(own);
    out.linked = std::any_of(names.begin(), names.end(),
                             [&](const auto& name) { return is_link(own + "/" + name); });
    out.own = std::all_of(names.begin(), names.end(), is_own_name);
    out.idle = std::all_of(names.begin(), names.end(), is_idle_name);
    out.records = out.own && std::count(names.begin(), names.end(), kRecords) > 0;
    out.journal = out.own && std::any_of(names.begin(), names.end(), is_journal_name);
  } else if (exists(own)) {
    out.idle = false;
  }
  for (const std::string& name : names_in(path)) out.idle = out.idle && name == kOwn;
  out.manifest = exists(path + "/" + kManifest);
  out.complete = out.manifest && says_complete(path);
  return out;
}

// Why a folder is not taken, as far as a look tells.
Status refuse(const std::string& out, const Look& look, bool resume, bool beside_files) {
  if (look.linked)
    return in_folder(out, fmt::format("{} in it is a symbolic link, or holds one, which jaxsmith "
                                      "does not follow; remove it, or name another folder",
                                      kOwn));
  if (look.idle) return {};
  if (!look.journal && !look.records && !look.manifest) {
    if (beside_files) return {};
    return in_folder(out, "it holds other files; name a new or empty folder");
  }
  if (resume) return {};
  if (look.journal && !look.complete)
    return in_folder(out,
                     "it holds an unfinished dataset; name another folder, or go on with it by "
                     "--resume");
  if (look.records && !look.manifest)
    return in_folder(
        out, "it holds an unfinished capture; finish it by --resume, or name another folder");
  return in_folder(out, "it holds a dataset; name another folder");
}

}  // namespace

bool holds_run(const std::string& folder) {
  const Look look = look_at(folder);
  return look.journal || look.records || (look.manifest && is_manifest(manifest_in(folder)));
}

std::optional<std::string> part_of_dataset(const std::string& file) {
  const fs::path path(file);
  for (fs::path folder = path.parent_path();; folder = folder.parent_path()) {
    const std::string name = path.lexically_relative(folder).string();
    const Json manifest = manifest_in(folder.string());
    const bool final_file =
        is_manifest(manifest) && (name == kManifest || name == kCard || lists(manifest, name));
    const bool own_file = name.starts_with(std::string(kOwn) + "/") && holds_run(folder.string());
    if (final_file || own_file) return folder.string();
    if (folder == folder.parent_path()) return std::nullopt;
  }
}

Result<std::unique_ptr<OutputFolder>> OutputFolder::claim(const std::string& path, bool resume) {
  return claim(path, resume ? Taking::kResumed : Taking::kNew);
}

Result<std::unique_ptr<OutputFolder>> OutputFolder::claim_beside_files(const std::string& path) {
  return claim(path, Taking::kBesideFiles);
}

Result<std::unique_ptr<OutputFolder>> OutputFolder::claim(const std::string& path, Taking taking) {
  if (path.empty()) return Error::usage("--out is empty: name a folder");
  std::unique_ptr<OutputFolder> out(new OutputFolder(path, taking));
  const Look look = look_at(path);
  if (exists(path) && !look.folder) return in_folder(path, "it is a file; name a folder");
  if (!look.own || look.linked || look.complete)
    JAXSMITH_CHECK(refuse(path, look, taking == Taking::kResumed, taking == Taking::kBesideFiles));
  if (look.complete && !look.own) return out;
  JAXSMITH_CHECK(out->make_and_lock());
  JAXSMITH_CHECK(out->take_up());
  return out;
}

// An error about something in the folder that only the user may move.
Error OutputFolder::in_the_way(const std::string& what) const {
  return in_folder(path_,
                   fmt::format("{}, then {} goes on", what,
                               taking_ == Taking::kBesideFiles ? "the same command" : "--resume"));
}

// The folders and the lock. Another run may end just now and take the folders away.
Status OutputFolder::make_and_lock() {
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    std::uint64_t missing = 0;
    for (fs::path p = plain(path_); !p.empty() && !exists(p.string()); p = p.parent_path())
      ++missing;
    folders_ = std::max(folders_, missing);
    JAXSMITH_CHECK(make_directories(own()));
    auto lock = FileLock::take(own() + "/" + kLock);
    if (!lock.ok() && !exists(own())) continue;
    if (!lock.ok()) return lock.error();
    if (!lock.value()) return FileLock::taken(path_, own() + "/" + kLock);
    lock_ = std::move(*lock.value());
    return {};
  }
  return Error::environment(fmt::format("--out {}: it comes and goes", path_));
}

// What is in the folder, now that nobody else changes it.
Status OutputFolder::take_up() {
  const Look look = look_at(path_);
  JAXSMITH_CHECK(refuse(path_, look, taking_ == Taking::kResumed, taking_ == Taking::kBesideFiles));
  read_made();
  new_ = look.idle;
  if (new_) return write_made();
  if (look.complete) return {};
  JAXSMITH_CHECK(carry_on());
  for (const char* name : {kManifest, kCard, "rejects.parquet"}) JAXSMITH_CHECK(check_free(name));
  if (exists(path_ + "/data") && !is_folder(path_ + "/data"))
    return in_the_way("data in it is no folder; move it away");
  for (const std::string& name : names_in(path_ + "/data"))
    if (is_shard_name(name)) JAXSMITH_CHECK(check_free("data/" + name));
  return {};
}

// Nothing that is not empty goes: of a folder that is refused, or that has become a dataset, all
// stays.
OutputFolder::~OutputFolder() {
  const Names names = names_in(own());
  const bool idle = made_.empty() && std::all_of(names.begin(), names.end(), is_idle_name);
  // The lock last, so that nobody takes the folder before.
  if (lock_ && idle && check().ok()) {
    for (const std::string& name : names)
      if (name != kLock) ::unlink((own() + "/" + name).c_str());
    ::unlink((own() + "/" + kLock).c_str());
  }
  if (::rmdir(own().c_str()) != 0) return;
  fs::path at = plain(path_);
  for (std::uint64_t i = 0; i < folders_ && ::rmdir(at.c_str()) == 0; ++i) at = at.parent_path();
}

bool OutputFolder::complete() const { return look_at(path_).complete; }

Status OutputFolder::check() const {
  if (!lock_ || lock_->is_at(own() + "/" + kLock)) return {};
  return Error::environment(fmt::format(
      "--out {}: the folder was moved or removed while it was being written; where it is "
      "still there, --resume with its new name goes on",
      path_));
}

// What may have been changed since: of names that leave the folder, and of a list that cannot be
// read, nothing is jaxsmith's. Nor are folders above this one, which another run may have made.
void OutputFolder::read_made() {
  constexpr auto kAny = std::numeric_limits<std::uint64_t>::max();
  const auto text = read_file(own() + "/" + kMade);
  if (!text.ok()) return;
  std::vector<Made> made;
  Names current;
  std::uint64_t folders = 0;
  try {
    const json::Value j = json::parse(text.value());
    folders = json::whole(j.at("folders"), kAny);
    for (const json::Value& f : json::list(j.at("files")))
      made.push_back({json::line(f.at("path")), json::whole(f.at("bytes"), kAny),
                      json::word(f.at("xxh3_128"))});
    for (const json::Value& name : json::list(j.at("current"))) current.push_back(json::line(name));
  } catch (const std::exception&) {
    return;
  }
  std::erase_if(made, [](const Made& m) { return !stays_within(m.path); });
  std::erase_if(current, [](const std::string& name) { return !stays_within(name); });
  folders_ = std::max(folders_, std::min<std::uint64_t>(folders, 1));
  made_ = std::move(made);
  current_ = std::move(current);
}

Status OutputFolder::write_made() const {
  Json files = Json::array();
  for (const Made& m : made_)
    files.push_back({{"path", m.path}, {"bytes", m.bytes}, {"xxh3_128", m.digest}});
  // Whoever goes on takes no folder above this one away (read_made).
  const auto folders = std::min<std::uint64_t>(folders_, 1);
  const Json j = {{"folders", folders}, {"files", files}, {"current", current_}};
  return write_file(own() + "/" + kMade, j.dump(1) + "\n");
}

// Whether what has a final name is what jaxsmith has written there.
bool OutputFolder::is_made(const std::string& name) const {
  const std::string path = path_ + "/" + name;
  std::error_code error;
  if (!no_folder_on_the_way(path_, name).empty() ||
      !fs::is_regular_file(fs::symlink_status(path, error)))
    return false;
  const auto content = read_file(path);
  if (!content.ok()) return false;
  const Made found{name, content.value().size(), hash128_hex(content.value())};
  return std::count(made_.begin(), made_.end(), found) > 0;
}

Status OutputFolder::check_free(const std::string& name) const {
  if (const std::string folder = no_folder_on_the_way(path_, name); !folder.empty())
    return in_the_way(fmt::format("{} in it is no folder; move it away", folder));
  if (!exists(path_ + "/" + name) || is_made(name)) return {};
  return in_the_way(fmt::format("{} in it is not as jaxsmith made it; move it away", name));
}

Result<std::string> OutputFolder::begin_files() {
  if (!lock_) return Error::internal("files for a folder that is not owned");
  JAXSMITH_CHECK(check());
  JAXSMITH_CHECK(remove_own(kNew));
  const std::string out = own() + "/" + kNew;
  JAXSMITH_CHECK(make_directories(out));
  return out;
}

Status OutputFolder::publish() {
  JAXSMITH_CHECK(check());
  const std::string staging = own() + "/" + kNew;
  const Names names = files_below(staging);
  for (const std::string& name : names) JAXSMITH_CHECK(check_free(name));
  for (const std::string& name : names) {
    JAXSMITH_TRY(content, read_file(staging + "/" + name));
    made_.push_back({name, content.size(), hash128_hex(content)});
  }
  current_ = names;
  JAXSMITH_CHECK(write_made());
  if (::rename(staging.c_str(), (own() + "/" + kPublish).c_str()) != 0)
    return Error::environment(fmt::format("cannot write {}: {}", path_, strerror(errno)));
  JAXSMITH_CHECK(sync_directory(own()));
  return carry_on();
}

// Brings a publication to its end, where one is on its way.
Status OutputFolder::carry_on() {
  const std::string ready = own() + "/" + kPublish;
  if (!exists(ready)) return {};
  if (!is_folder(ready))
    return in_the_way(fmt::format("{}/{} in it is no folder; remove it", kOwn, kPublish));
  const Names left = files_below(ready);
  for (const std::string& name : left) JAXSMITH_CHECK(check_free(name));
  if (!left.empty()) JAXSMITH_CHECK(remove_made(kManifest));
  for (const Made& m : std::vector<Made>(made_))
    if (std::count(current_.begin(), current_.end(), m.path) == 0)
      JAXSMITH_CHECK(remove_made(m.path));
  for (const std::string& name : left) {
    const fs::path to = fs::path(path_) / name;
    JAXSMITH_CHECK(make_directories(to.parent_path().string()));
    if (name == kManifest) JAXSMITH_CHECK(sync_directory(path_));
    if (::rename((ready + "/" + name).c_str(), to.c_str()) != 0)
      return Error::environment(fmt::format("cannot write {}: {}", to.string(), strerror(errno)));
    JAXSMITH_CHECK(sync_directory(to.parent_path().string()));
  }
  // Of each name only what it has become: the last one that was listed.
  std::vector<Made> now;
  for (const std::string& name : current_)
    for (auto m = made_.rbegin(); m != made_.rend(); ++m)
      if (m->path == name) {
        now.push_back(*m);
        break;
      }
  made_ = std::move(now);
  JAXSMITH_CHECK(write_made());
  return remove_own(kPublish);
}

Status OutputFolder::remove_made(const std::string& name) {
  if (!is_made(name)) return {};
  const std::string path = path_ + "/" + name;
  if (::unlink(path.c_str()) == 0) {
    if (name.find('/') != std::string::npos) ::rmdir(fs::path(path).parent_path().c_str());
    return {};
  }
  return Error::environment(fmt::format("cannot remove {}/{}: {}", path_, name, strerror(errno)));
}

Status OutputFolder::remove_own(const std::string& name) {
  std::error_code error;
  fs::remove_all(own() + "/" + name, error);
  if (!error) return {};
  return Error::environment(fmt::format("cannot remove {}/{}: {}", own(), name, error.message()));
}

Status OutputFolder::discard_journal() {
  JAXSMITH_CHECK(check());
  for (const std::string& name : names_in(own()))
    if (is_journal_name(name)) JAXSMITH_CHECK(remove_own(name));
  return {};
}

Status OutputFolder::finish() {
  if (!lock_) return {};
  JAXSMITH_CHECK(discard_journal());
  JAXSMITH_CHECK(remove_own(kRecords));
  // The list was of use to a publication that goes on; there will be none.
  for (const std::string& name : names_in(own()))
    if (is_idle_name(name) && name != kLock) JAXSMITH_CHECK(remove_own(name));
  JAXSMITH_CHECK(remove_own(kLock));
  ::rmdir(own().c_str());
  lock_.reset();
  return {};
}

Status OutputFolder::discard() {
  JAXSMITH_CHECK(discard_journal());
  JAXSMITH_CHECK(remove_own(kRecords));
  for (const Made& m : made_) JAXSMITH_CHECK(remove_made(m.path));
  made_.clear();
  return write_made();
}

}  // namespace jaxsmith::store
