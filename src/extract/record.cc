#include "extract/record.h"

#include <arrow/util/base64.h>
#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "trace/protocol.h"

namespace jaxsmith::extract {
namespace {

using Json = nlohmann::json;

tensor::Tensor to_tensor(const Json& j) {
  tensor::Tensor t;
  const auto dtype = tensor::dtype_from_jaxpr_name(j.at("dtype").get<std::string>());
  if (!dtype) throw std::runtime_error("unknown dtype");
  t.dtype = *dtype;
  t.shape = j.at("shape").get<tensor::Shape>();
  auto bytes = arrow::util::base64_decode(j.at("data").get_ref<const std::string&>());
  if (!bytes.ok()) throw std::runtime_error("an array is not base64");
  t.bytes = std::move(*bytes);
  return t;
}

std::vector<tensor::Tensor> to_tensors(const Json& j) {
  std::vector<tensor::Tensor> out;
  for (const Json& each : j) out.push_back(to_tensor(each));
  return out;
}

std::vector<source::ArgumentSpec> to_specs(const Json& j) {
  std::vector<source::ArgumentSpec> out;
  for (const Json& each : j) {
    source::ArgumentSpec spec;
    spec.name = each.at("name");
    spec.shape = each.at("shape").get<tensor::Shape>();
    const std::string name = each.at("dtype");
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
  for (const auto& [level, text] : j.items())
    out[trace::known_level(level)] = text.get_ref<const std::string&>();
  return out;
}

Record to_record(const Json& j) {
  Record r;
  source::Function& f = r.function;
  const auto origin = from_word<source::Origin>(j.at("origin").get_ref<const std::string&>());
  if (!origin) throw std::runtime_error("unknown origin");
  f.provenance.origin = *origin;
  f.provenance.callable = j.at("callable");
  f.provenance.call_site = j.at("call_site");
  f.provenance.statics = j.at("statics");
  const Json options = {{"platform", j.at("platform")}, {"xla_flags", j.at("xla_flags")}};
  f.provenance.options = options.dump();
  f.category = word(*origin);
  f.transformation = j.at("transformation");
  f.variant = "base";
  f.source = j.at("source");
  f.entry = j.at("entry");
  f.runtime = {j.at("x64").get<bool>(), j.at("devices").get<std::int32_t>()};
  f.arguments = to_specs(j.at("arguments"));
  f.results = to_specs(j.at("results"));
  f.kept = j.at("kept").get<std::vector<std::size_t>>();
  r.outcome.ok = true;
  r.outcome.levels = to_texts(j.at("levels"));
  for (const auto& [level, spans] : j.at("spans").items())
    r.outcome.spans[trace::known_level(level)] = trace::spans_of(spans);
  if (!j.at("constants").is_null()) r.outcome.constants = to_tensors(j.at("constants"));
  for (const source::ArgumentSpec& result : f.results)
    r.outcome.result_paths.push_back(result.name);
  r.outcome.flops = j.at("flops");
  r.outcome.bytes_accessed = j.at("bytes_accessed");
  if (!j.at("inputs").is_null() && !j.at("outputs").is_null()) {
    r.has_case = true;
    f.inputs[0] = to_tensors(j.at("inputs"));
    r.outcome.outputs = to_tensors(j.at("outputs"));
  }
  const Json& v = j.at("versions");
  r.versions = {v.at("python"), v.at("jax"), v.at("jaxlib"), v.at("numpy"), "{}"};
  r.name = j.at("name");
  r.bound = j.at("bound");
  for (const auto& [part, reason] : j.at("missing").items()) r.missing[part] = reason;
  if (j.contains("texts")) {
    Json shown = j.at("texts");
    r.shown_source = shown.at("source").get<std::string>();
    shown.erase("source");
    r.shown = to_texts(shown);
    level::add_derived(r.shown);
  }
  trace::complete_levels(r.outcome, level::levels());
  // The same function, compiled for the same arguments, has the same name wherever it is met.
  std::string content = f.source + '\0' + f.provenance.callable + '\0' + f.provenance.statics;
  // In the order of their names.
  for (const auto& [level, text] : j.at("levels").items())
    content += '\0' + text.get_ref<const std::string&>();
  f.provenance.id = f.category + "-" + hash128_hex(content);
  return r;
}

RecordLine to_line(const Json& j) {
  const std::string type = j.at("type");
  if (type == "function") return to_record(j);
  if (type == "problem") return Problem{j.at("name"), j.at("message")};
  if (type == "error") return Failure{j.at("kind") == "usage", j.at("message")};
  if (type == "at") return Announcement{j.at("file"), j.at("number"), j.at("stage")};
  throw std::runtime_error("it is of an unknown type: " + type);
}

Result<RecordLine> read(const std::function<RecordLine()>& act) {
  try {
    return act();
  } catch (const std::exception& e) {
    return Error::internal(std::string("a record cannot be read: ") + e.what());
  }
}

}  // namespace

Result<RecordLine> parse_record(std::string_view line) {
  return read([&] { return to_line(Json::parse(line)); });
}

bool is_complete(const std::vector<std::string>& lines) {
  if (lines.empty()) return false;
  const Json last = Json::parse(lines.back(), nullptr, /*allow_exceptions=*/false);
  return !last.is_object() || !last.contains("pending") || last["pending"].empty();
}

Result<RecordLine> join_record(const std::vector<std::string>& lines, const std::string& ended) {
  return read([&] {
    Json whole = Json::object();
    for (const std::string& line : lines) whole.update(Json::parse(line), /*merge_objects=*/true);
    std::string why;
    for (const Json& part : whole.value("pending", Json::array())) {
      // The first is what the process was at.
      if (why.empty()) {
        why = fmt::format("{}: the process ended: {}", part.at("stage").get<std::string>(), ended);
      } else {
        why = fmt::format("not tried: the process had ended: {}", ended);
      }
      whole["missing"][part.at("part").get<std::string>()] = why;
    }
    return to_line(whole);
  });
}

}  // namespace jaxsmith::extract
