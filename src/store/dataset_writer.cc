#include "store/dataset_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <optional>

#include "base/json.h"
#include "store/assemble.h"
#include "store/files.h"
#include "store/schema.h"

namespace jaxsmith::store {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json run_json(const RunDescription& run) {
  Json j;
  j["seed"] = run.seed;
  j["count"] = run.count;
  j["rows_per_shard"] = run.rows_per_shard;
  j["options"] = Json::parse(run.options);
  j["row_options"] = Json::parse(run.row_options);
  j["versions"] = {{"jaxsmith", run.jaxsmith_version},
                   {"jax", run.versions.jax},
                   {"jaxlib", run.versions.jaxlib},
                   {"numpy", run.versions.numpy},
                   {"python", run.versions.python}};
  return j;
}

// "seed 7 there, 8 asked for", of the first difference.
std::string difference(const Json& there, const Json& wanted, const std::string& prefix = "") {
  for (const auto& [key, value] : wanted.items()) {
    if (!there.contains(key)) return prefix + key + " is new";
    if (there.at(key) == value) continue;
    if (value.is_object() && there.at(key).is_object())
      return difference(there.at(key), value, key + ".");
    return fmt::format("{}{} is {} there, {} was asked for", prefix, key, there.at(key).dump(),
                       value.dump());
  }
  return "it has other options";
}

Result<std::shared_ptr<arrow::StringArray>> text_column(const arrow::Table& table,
                                                        const std::string& name) {
  const auto column = table.GetColumnByName(name);
  if (!column) return Error::internal("the journal has no column " + name);
  const auto combined = arrow::Concatenate(column->chunks());
  if (!combined.ok()) {
    if (table.num_rows() == 0) return std::make_shared<arrow::StringArray>(0, nullptr, nullptr);
    return Error::internal(combined.status().message());
  }
  if ((*combined)->type_id() != arrow::Type::STRING)
    return Error::internal(fmt::format("the journal's column {} holds no texts", name));
  return std::static_pointer_cast<arrow::StringArray>(*combined);
}

struct SegmentCounts {
  std::uint64_t rows = 0, rejects = 0, redone = 0;
};

std::optional<SegmentCounts> counts_in(const std::string& text) {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  try {
    const json::Value j = json::parse(text);
    return SegmentCounts{json::whole(j.at("rows"), kMost), json::whole(j.at("rejects"), kMost),
                         j.contains("redone") ? json::whole(j.at("redone"), kMost) : 0};
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

// A segment's counts, where all three of its files are there and whole.
std::optional<SegmentCounts> segment_counts(const std::string& journal, const std::string& name) {
  const auto text = read_file(journal + "/segment-" + name + ".json");
  const auto out = text.ok() ? counts_in(text.value()) : std::nullopt;
  if (!out) return std::nullopt;
  for (const auto& [file, count] :
       {std::pair("/segment-", out->rows), std::pair("/rejects-", out->rejects)}) {
    const auto table = read_parquet(journal + file + name + ".parquet", {"id"});
    if (!table.ok() || table.value()->num_rows() != static_cast<std::int64_t>(count))
      return std::nullopt;
  }
  return out;
}

}  // namespace

DatasetWriter::DatasetWriter(std::unique_ptr<OutputFolder> folder, RunDescription run)
    : folder_(std::move(folder)), run_(std::move(run)) {}
DatasetWriter::~DatasetWriter() = default;

Result<std::unique_ptr<DatasetWriter>> DatasetWriter::open(const std::string& out,
                                                           const RunDescription& run, bool resume) {
  JAXSMITH_TRY(folder, OutputFolder::claim(out, resume));
  return open(std::move(folder), run, resume);
}

Result<std::unique_ptr<DatasetWriter>> DatasetWriter::open(std::unique_ptr<OutputFolder> folder,
                                                           const RunDescription& run, bool resume) {
  std::unique_ptr<DatasetWriter> writer(new DatasetWriter(std::move(folder), run));
  if (resume) JAXSMITH_CHECK(writer->match());
  return writer;
}

// Takes up what is in the folder, where that is of this very run.
Status DatasetWriter::match() {
  const std::string& out = folder_->path();
  const std::string description = folder_->own() + "/run.json", manifest = out + "/manifest.json";
  std::error_code error;
  const bool journal = fs::exists(description, error), made = fs::exists(manifest, error);
  if (fs::exists(folder_->own() + "/records", error))
    return Error::usage(fmt::format(
        "--out {}: it holds an unfinished capture; name another folder, or finish it by "
        "jaxsmith capture --resume",
        out));
  if (!journal && !made) return {};
  JAXSMITH_TRY(text, read_file(journal ? description : manifest));
  const Json there = Json::parse(text, nullptr, false);
  const Json wanted = run_json(run_);
  const Json* said = there.is_object() && there.contains("run") ? &there["run"] : &there;
  if (!there.is_object() || *said != wanted) {
    return Error::usage(fmt::format(
        "--out {}: it is of another run: {}; --resume takes the same options and versions", out,
        there.is_object() ? difference(*said, wanted) : "its description cannot be read"));
  }
  if (!folder_->complete()) return load_journal();
  // Killed between the last file and the end of the journal, perhaps.
  JAXSMITH_CHECK(folder_->finish());
  JAXSMITH_TRY(content, read_file(manifest));
  was_complete_ = true;
  const Json last = Json::parse(content, nullptr, false);
  const auto rows = last.is_object() ? last.find("rows") : last.end();
  if (rows != last.end() && rows->is_number_unsigned()) rows_ = rows->get<std::uint64_t>();
  return {};
}

Result<std::unique_ptr<DatasetWriter>> DatasetWriter::open_over_records(
    std::unique_ptr<OutputFolder> folder, const RunDescription& run) {
  JAXSMITH_CHECK(folder->discard_journal());
  return std::unique_ptr<DatasetWriter>(new DatasetWriter(std::move(folder), run));
}

std::string DatasetWriter::journal_file(const char* kind, const std::string& segment,
                                        const char* ending) const {
  return fmt::format("{}/{}-{}.{}", folder_->own(), kind, segment, ending);
}

// Segments that follow one another from chunk 0 on. What a kill or a broken disk has left besides
// is made again.
Status DatasetWriter::load_journal() {
  std::vector<Segment> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_->own(), error)) {
    const std::string file = entry.path().filename().string();
    unsigned long long first = 0, end = 0;
    int length = 0;
    if (sscanf(file.c_str(), "segment-%llu-%llu.parquet%n", &first, &end, &length) == 2 &&
        length == static_cast<int>(file.size()) && first < end) {
      found.push_back({first, end, 0, 0, 0, fmt::format("{:08}-{:08}", first, end)});
    }
  }
  std::sort(found.begin(), found.end(),
            [](const Segment& x, const Segment& y) { return x.first < y.first; });
  for (Segment& s : found) {
    const auto counts =
        s.first == next_chunk_ ? segment_counts(folder_->own(), s.name) : std::nullopt;
    if (!counts) continue;
    s.rows = counts->rows;
    s.rejects = counts->rejects;
    s.redone = counts->redone;
    rows_ += s.rows;
    redone_ += s.redone;
    next_chunk_ = first_unflushed_ = s.end;
    segments_.push_back(s);
  }
  return {};
}

Status DatasetWriter::restore(const std::function<void(const StoredRow&)>& row,
                              const std::function<void(const StoredReject&)>& reject) {
  for (const Segment& s : segments_) {
    const std::vector<std::string> names = {"category", "transformation", "split", "structure",
                                            "signature"};
    std::vector<std::string> read = names;
    read.insert(read.end(), {"inert", "difficulty"});
    JAXSMITH_TRY(rows, read_parquet(journal_file("segment", s.name, "parquet"), read));
    JAXSMITH_TRY(inert, numbers_or_null<arrow::DoubleType>(*rows, "inert"));
    JAXSMITH_TRY(difficulty, numbers_or_null<arrow::Int64Type>(*rows, "difficulty"));
    std::vector<std::shared_ptr<arrow::StringArray>> columns;
    for (const std::string& name : names) {
      JAXSMITH_TRY(column, text_column(*rows, name));
      columns.push_back(column);
    }
    const auto at = [&](std::size_t c, std::int64_t i) {
      return std::string(columns[c]->GetView(i));
    };
    for (std::int64_t i = 0; i < rows->num_rows(); ++i) {
      const auto k = static_cast<std::size_t>(i);
      row({at(0, i), at(1, i), at(2, i), at(3, i), at(4, i), inert[k], difficulty[k]});
    }
    JAXSMITH_TRY(rejects, read_parquet(journal_file("rejects", s.name, "parquet"),
                                       {"category", "stage", "reason"}));
    JAXSMITH_TRY(category, text_column(*rejects, "category"));
    JAXSMITH_TRY(stage, text_column(*rejects, "stage"));
    JAXSMITH_TRY(reason, text_column(*rejects, "reason"));
    for (std::int64_t i = 0; i < rejects->num_rows(); ++i)
      reject({category->GetString(i), stage->GetString(i), reason->GetString(i)});
  }
  return {};
}

void DatasetWriter::add(check::Sample sample) {
  samples_.push_back(std::move(sample));
  ++rows_;
}

void DatasetWriter::add(check::Reject reject) { rejects_.push_back(std::move(reject)); }

void DatasetWriter::end_chunk(std::uint64_t chunk, std::uint64_t redone) {
  next_chunk_ = chunk + 1;
  redone_ += redone;
  redone_unflushed_ += redone;
}

// The folder and the run's description, before the first segment.
Status DatasetWriter::begin() {
  JAXSMITH_CHECK(folder_->check());
  if (!segments_.empty()) return {};
  return write_file(folder_->own() + "/run.json", run_json(run_).dump(2) + "\n");
}

Status DatasetWriter::flush() {
  if (next_chunk_ == first_unflushed_) return {};
  JAXSMITH_CHECK(begin());
  Segment s{first_unflushed_,  next_chunk_,
            samples_.size(),   rejects_.size(),
            redone_unflushed_, fmt::format("{:08}-{:08}", first_unflushed_, next_chunk_)};
  JAXSMITH_TRY(rows, sample_table(samples_, run_));
  JAXSMITH_TRY(rejects, reject_table(rejects_));
  // The rows come last: where they are, the segment is whole.
  const Json info = {{"rows", s.rows}, {"rejects", s.rejects}, {"redone", s.redone}};
  JAXSMITH_CHECK(write_file(journal_file("segment", s.name, "json"), info.dump() + "\n"));
  JAXSMITH_CHECK(
      write_parquet(journal_file("rejects", s.name, "parquet"), *rejects, reject_columns()));
  JAXSMITH_CHECK(
      write_parquet(journal_file("segment", s.name, "parquet"), *rows, sample_columns()));
  segments_.push_back(s);
  samples_.clear();
  rejects_.clear();
  redone_unflushed_ = 0;
  first_unflushed_ = next_chunk_;
  return {};
}

std::string DatasetWriter::segment_file(std::size_t segment) const {
  const std::string file = journal_file("segment", segments_[segment].name, "parquet");
  return file.substr(folder_->path().size() + 1);
}

Status DatasetWriter::finish(bool complete) {
  JAXSMITH_CHECK(flush());
  std::vector<std::string> names;
  for (const Segment& s : segments_) names.push_back(s.name);
  JAXSMITH_TRY(files, folder_->begin_files());
  JAXSMITH_CHECK(assemble_dataset(
      {files, folder_->own(), names, run_, run_json(run_).dump(), redone_, complete}));
  JAXSMITH_CHECK(folder_->publish());
  return complete ? folder_->finish() : Status();
}

Status DatasetWriter::discard() { return folder_->complete() ? Status() : folder_->discard(); }

}  // namespace jaxsmith::store
