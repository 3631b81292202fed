#include "extract/record.h"

#include <arrow/util/base64.h>
#include <fmt/format.h>

#include <functional>
#include <limits>
#include <stdexcept>

#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "tensor/from_bytes.h"
#include "trace/protocol.h"

namespace jaxsmith::extract {
namespace {

using json::line, json::list, json::of_word, json::real, json::table, json::text, json::truth,
    json::whole;
using Json = json::Value;

constexpr std::string_view kCase = "case";
// Of the alignment of large modules most of all. A line of what another process sends ends at a
// gigabyte.
constexpr json::Limits kLimits{.values = std::size_t{1} << 26};

// A size of an array, or -1 of one that a symbolic size stands for.
std::int64_t size_of(const Json& j) {
  if (j == Json(-1)) return -1;
  return static_cast<std::int64_t>(whole(j, std::numeric_limits<std::int64_t>::max()));
}

tensor::Shape shape_of(const Json& j) {
  tensor::Shape out;
  for (const Json& each : list(j)) out.push_back(size_of(each));
  return out;
}

tensor::Tensor to_tensor(const Json& j) {
  auto bytes = arrow::util::base64_decode(text(j.at("data")));
  if (!bytes.ok()) throw std::runtime_error("an array is not base64");
  auto out =
      tensor::tensor_from_bytes(text(j.at("dtype")), shape_of(j.at("shape")), std::move(*bytes));
  if (!out.ok()) throw std::runtime_error("an array: " + out.error().message);
  return std::move(out).value();
}

std::vector<tensor::Tensor> to_tensors(const Json& j) {
  std::vector<tensor::Tensor> out;
  for (const Json& each : list(j)) out.push_back(to_tensor(each));
  return out;
}

std::vector<source::ArgumentSpec> to_specs(const Json& j) {
  std::vector<source::ArgumentSpec> out;
  for (const Json& each : list(j)) {
    source::ArgumentSpec spec;
    spec.name = text(each.at("name"));
    spec.shape = shape_of(each.at("shape"));
    const std::string& name = text(each.at("dtype"));
    if (const auto dtype = tensor::dtype_from_jaxpr_name(name)) {
      spec.dtype = *dtype;
    } else {
      spec.dtype = tensor::DType::kU32;
      spec.written = name;
    }
    out.push_back(std::move(spec));
  }
  return out;
}

level::Texts to_texts(const Json& j) {
  level::Texts out;
  for (const auto& [level, content] : table(j).items())
    out[trace::known_level(level)] = text(content);
  return out;
}

// An object of JSON within a text.
std::string object_text(const Json& j) {
  table(json::parse(text(j), kLimits));
  return text(j);
}

source::Origin origin_of(const Json& j) {
  const auto out = of_word<source::Origin>(j);
  if (out == source::Origin::kGenerated) throw std::runtime_error("a record of a generated one");
  return out;
}

void read_function(const Json& j, source::Function& f) {
  f.provenance.origin = origin_of(j.at("origin"));
  f.provenance.callable = text(j.at("callable"));
  f.provenance.call_site = text(j.at("call_site"));
  f.provenance.statics = object_text(j.at("statics"));
  const Json options = {{"platform", text(j.at("platform"))},
                        {"xla_flags", text(j.at("xla_flags"))}};
  f.provenance.options = options.dump();
  f.category = word(f.provenance.origin);
  f.transformation = text(j.at("transformation"));
  f.variant = "base";
  f.source = text(j.at("source"));
  f.entry = text(j.at("entry"));
  f.runtime = {truth(j.at("x64")), static_cast<std::int32_t>(whole(j.at("devices")))};
  f.arguments = to_specs(j.at("arguments"));
  f.results = to_specs(j.at("results"));
  for (const Json& each : list(j.at("kept"))) {
    f.kept.push_back(whole(each));
    if (f.kept.back() >= f.arguments.size())
      throw std::runtime_error(
          fmt::format("it keeps argument {} of {}", f.kept.back(), f.arguments.size()));
  }
}

// As many arrays as the function has arguments, and results.
void read_case(const Json& j, Record& r) {
  const Json& inputs = j.at("inputs");
  const Json& outputs = j.at("outputs");
  if (inputs.is_null() || outputs.is_null()) return;
  r.has_case = true;
  r.function.inputs[0] = to_tensors(inputs);
  r.outcome.outputs = to_tensors(outputs);
  if (r.function.inputs[0].size() != r.function.arguments.size() ||
      r.outcome.outputs.size() != r.function.results.size())
    throw std::runtime_error("its case has other arguments or results than the function");
}

Record to_record(const Json& j) {
  Record r;
  source::Function& f = r.function;
  read_function(j, f);
  r.outcome.ok = true;
  r.outcome.levels = to_texts(j.at("levels"));
  for (const auto& [level, spans] : table(j.at("spans")).items())
    r.outcome.spans[trace::known_level(level)] = trace::spans_of(spans);
  if (!j.at("constants").is_null()) r.outcome.constants = to_tensors(j.at("constants"));
  for (const source::ArgumentSpec& result : f.results)
    r.outcome.result_paths.push_back(result.name);
  r.outcome.flops = real(j.at("flops"));
  r.outcome.bytes_accessed = real(j.at("bytes_accessed"));
  read_case(j, r);
  const Json& v = j.at("versions");
  r.versions = {line(v.at("python")), line(v.at("jax")), line(v.at("jaxlib")), line(v.at("numpy")),
                "{}"};
  r.name = text(j.at("name"));
  r.bound = text(j.at("bound"));
  for (const auto& [part, reason] : table(j.at("missing")).items()) {
    if (!part_of(part)) throw std::runtime_error("it lacks an unknown part: " + in_one_line(part));
    r.missing[part] = text(reason);
  }
  if (j.contains("texts")) {
    Json shown = j.at("texts");
    r.shown_source = text(shown.at("source"));
    shown.erase("source");
    r.shown = to_texts(shown);
    level::add_derived(r.shown);
  }
  trace::complete_levels(r.outcome, level::levels());
  // The same function, compiled for the same arguments, has the same name wherever it is met.
  std::string content = f.source + '\0' + f.provenance.callable + '\0' + f.provenance.statics;
  // In the order of their names.
  for (const auto& [level, content_of_level] : j.at("levels").items())
    content += '\0' + text(content_of_level);
  f.provenance.id = f.category + "-" + hash128_hex(content);
  return r;
}

RecordLine to_line(const Json& j) {
  const std::string& type = text(table(j).at("type"));
  if (type == "function") return to_record(j);
  if (type == "problem") return Problem{text(j.at("name")), text(j.at("message"))};
  if (type == "error") return Failure{of_word<FailureKind>(j.at("kind")), text(j.at("message"))};
  if (type == "at")
    return Announcement{whole(j.at("file")), whole(j.at("number")), line(j.at("stage"))};
  throw std::runtime_error("it is of an unknown type: " + in_one_line(type));
}

Result<RecordLine> read(const std::function<RecordLine()>& act) {
  try {
    return act();
  } catch (const std::exception& e) {
    return Error::internal(std::string("a record cannot be read: ") + e.what());
  }
}

}  // namespace

std::optional<Part> part_of(std::string_view name) {
  if (name == kCase) return Part{check::CheckKind::kCase, std::nullopt};
  if (name == kSource) return Part{check::CheckKind::kSource, std::nullopt};
  for (const level::Level level : level::levels()) {
    if (name == level::name_of(level)) return Part{check::CheckKind::kMade, level};
    if (name == level::spans_column(level)) return Part{check::CheckKind::kSpans, level};
  }
  return std::nullopt;
}

Result<RecordLine> parse_record(std::string_view line) {
  return read([&] { return to_line(json::parse(line, kLimits)); });
}

bool is_complete(const std::vector<std::string>& lines) {
  if (lines.empty()) return false;
  const Json last = Json::parse(lines.back(), nullptr, /*allow_exceptions=*/false);
  return !last.is_object() || !last.contains("pending") || last["pending"].empty();
}

Result<RecordLine> join_record(const std::vector<std::string>& lines, const std::string& ended) {
  return read([&] {
    Json record = Json::object();
    for (const std::string& line : lines)
      record.update(json::parse(line, kLimits), /*merge_objects=*/true);
    std::string why;
    const Json pending = record.value("pending", Json::array());
    for (const Json& part : list(pending)) {
      // The first is what the process was at.
      if (why.empty()) {
        why = fmt::format("{}: the process ended: {}", text(part.at("stage")), ended);
      } else {
        why = fmt::format("not tried: the process had ended: {}", ended);
      }
      record["missing"][text(part.at("part"))] = why;
    }
    return to_line(record);
  });
}

}  // namespace jaxsmith::extract
