// jaxsmith extract: options, output and messages around extract::extract().
#include "extract/extract.h"

#include <fmt/format.h>
#include <unistd.h>

#include <arrow/util/base64.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "extract/verify.h"
#include "jaxsmith/command.h"
#include "jaxsmith/highlight.h"
#include "jaxsmith/numbers.h"
#include "jaxsmith/output.h"
#include "jaxsmith/output_option.h"
#include "jaxsmith/parse.h"
#include "jaxsmith/signals.h"
#include "store/files.h"
#include "store/output_file.h"

namespace jaxsmith::cli {

using extract::Record;

namespace {

constexpr const char* kCommand = "extract";
using Json = nlohmann::ordered_json;

struct Options {
  extract::ExtractRequest request;
  std::vector<std::string> levels;
  std::string example, format, out, python, colour = "auto";
};

bool to_terminal(const Options& o) {
  if (o.colour != "auto") return o.colour == "always";
  const char* no_colour = std::getenv("NO_COLOR");
  return o.out.empty() && isatty(STDOUT_FILENO) && !(no_colour && *no_colour);
}

// Source and levels, one under another; a single level that was asked for alone.
std::string as_text(const Record& record, const Options& o, bool bare) {
  const bool coloured = to_terminal(o);
  std::string out;
  const auto section = [&](std::string_view title, const std::string& text,
                           const ir::Highlighting& how) {
    if (text.empty()) return;
    if (!bare) {
      out += out.empty() ? "" : "\n";
      out +=
          coloured ? fmt::format("\x1b[1;4m{}\x1b[0m\n", title) : fmt::format("── {} ──\n", title);
    }
    // Alone a text is as it is; among others one blank line is between two.
    const std::size_t end = bare ? text.size() : text.find_last_not_of('\n') + 1;
    const std::string shown = text.substr(0, end);
    out += coloured ? highlight(shown, how) : shown;
    if (!shown.ends_with('\n')) out += "\n";
  };
  if (!bare) section("Python", record.shown_source, python_highlighting());
  for (const auto& [level, text] : record.shown)
    section(level::row_of(level).title, text, level::row_of(level).highlighting);
  return out;
}

Json as_json(const std::vector<tensor::Tensor>& tensors,
             const std::vector<source::ArgumentSpec>& specs) {
  Json out = Json::array();
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    out.push_back({{"name", i < specs.size() ? specs[i].name : ""},
                   {"dtype", tensor::jaxpr_name(tensors[i].dtype)},
                   {"shape", tensors[i].shape},
                   {"base64", arrow::util::base64_encode(tensors[i].bytes)}});
  }
  return out;
}

Json as_json(const std::vector<source::ArgumentSpec>& specs) {
  Json out = Json::array();
  for (const source::ArgumentSpec& s : specs)
    out.push_back({{"name", s.name}, {"dtype", source::dtype_text(s)}, {"shape", s.shape}});
  return out;
}

Json as_json(const std::map<level::Level, std::vector<trace::Span>>& levels) {
  Json out = Json::object();
  for (const auto& [level, spans] : levels) {
    Json list = Json::array();
    for (const trace::Span& span : spans) {
      Json sources = Json::array();
      for (const trace::SourceRange& r : span.sources)
        sources.push_back({{"line", r.line},
                           {"column", r.column},
                           {"end_line", r.end_line},
                           {"end_column", r.end_column}});
      list.push_back({{"line", span.line},
                      {"kind", word(span.kind)},
                      {"sources", std::move(sources)},
                      {"reason", span.reason}});
    }
    out[level::name_of(level)] = std::move(list);
  }
  return out;
}

// XLA's figures are those of the compiled module.
bool is_compiled(const Record& r) {
  return std::any_of(r.outcome.levels.begin(), r.outcome.levels.end(), [](const auto& entry) {
    return level::row_of(entry.first).reach == ir::Reach::kCompiled;
  });
}

std::string as_json_text(const Record& r) {
  const source::Function& f = r.function;
  Json j;
  j["callable"] = f.provenance.callable;
  j["entry"] = f.entry;
  j["transformation"] = f.transformation;
  j["static_arguments"] = Json::parse(f.provenance.statics);
  j["arguments"] = as_json(f.arguments);
  j["results"] = as_json(f.results);
  j["source"] = r.shown_source;
  for (const auto& [level, text] : r.shown) j[level::name_of(level)] = text;
  for (const auto& [part, why] : r.missing)
    if (level::find_level(part) || part == extract::kSource) j[part] = nullptr;
  j["missing"] = r.missing;
  j["constants"] = as_json(r.outcome.constants, {});
  if (r.has_case) {
    j["inputs"] = as_json(f.inputs[0], f.arguments);
    j["outputs"] = as_json(r.outcome.outputs, f.results);
  }
  if (is_compiled(r)) {
    j["flops"] = r.outcome.flops;
    j["bytes_accessed"] = r.outcome.bytes_accessed;
  }
  j["spans"] = as_json(r.outcome.spans);
  j["x64"] = f.runtime.x64;
  j["devices"] = f.runtime.devices;
  j["jax"] = r.versions.jax;
  return j.dump(2) + "\n";
}

int give(const std::string& text, const std::string& out) {
  if (cancelled) return report_interrupted(kCommand, kNothingDone);
  if (!out.empty()) {
    const Status written = store::write_file(out, text);
    return written.ok() ? kDone : report(kCommand, written.error());
  }
  put(text);
  return kDone;
}

int write_rows(Record record, const Options& o, std::unique_ptr<store::OutputFolder> folder,
               const trace::Installation& where) {
  const trace::Versions versions = record.versions;
  extract::Verifier verifier(backend::extracting(), where);
  std::vector<Record> records;
  records.push_back(std::move(record));
  auto samples = verifier.verify(std::move(records), cancelled);
  if (cancelled) return report_interrupted(kCommand, kNothingDone);
  if (!samples.ok()) return report(kCommand, samples.error());
  const auto& checks = samples.value().front().checks;
  std::size_t width = 0;
  for (const check::CheckResult& c : checks) width = std::max(width, c.name().size());
  for (const check::CheckResult& c : checks)
    say("{:<{}} {}{}{}\n", c.name(), width, word(c.status), c.detail.empty() ? "" : ": ", c.detail);
  const Status written =
      extract::write_extracted(std::move(folder), std::move(samples).value(), versions, where);
  if (!written.ok()) return report(kCommand, written.error());
  say("done: 1 function in {}\n", o.out);
  return kDone;
}

// Says why parts that were asked for are missing; whether all are there.
int report_missing(const Record& record) {
  for (const auto& [part, why] : record.missing)
    report(kCommand, Error::environment(fmt::format("{} is missing: {}", part, why)));
  return record.missing.empty() ? kDone : kFailed;
}

// Files that the function may be read from.
std::vector<std::string> source_files(const std::string& target) {
  if (const std::size_t end = target.rfind("::"); end != std::string::npos)
    return {target.substr(0, end)};
  std::string module = target.substr(0, target.rfind(':'));
  std::replace(module.begin(), module.end(), '.', '/');
  std::string folders = ".:";
  if (const char* path = std::getenv("PYTHONPATH")) folders += path;
  std::vector<std::string> out;
  for (std::size_t at = 0; at < folders.size();) {
    const std::size_t end = std::min(folders.find(':', at), folders.size());
    for (const char* file : {".py", "/__init__.py"})
      out.push_back(fmt::format("{}/{}{}", folders.substr(at, end - at), module, file));
    at = end + 1;
  }
  return out;
}

// Before the work: whether there is a place for what comes of it.
Status prepare_output(const Options& o, std::unique_ptr<store::OutputFolder>& folder) {
  if (o.format == "parquet") {
    JAXSMITH_TRY(claimed, store::OutputFolder::claim(o.out, /*resume=*/false));
    folder = std::move(claimed);
    return {};
  }
  return store::check_output_files({{"--out", o.out}}, source_files(o.request.target));
}

int run(Options o) {
  catch_signals();
  const trace::Installation where = installation(o.python);
  extract::ExtractRequest& request = o.request;
  auto& wanted = request.levels;
  const bool bare = wanted.size() == 1;
  if (o.format.empty()) o.format = "text";
  const bool text = o.format == "text";
  if (wanted.empty()) {
    // For the eye what needs no compiler.
    for (const level::Level level : level::levels())
      if (!text || level::row_of(level).reach != ir::Reach::kCompiled) wanted.push_back(level);
  }
  // A row has a structure.
  if (o.format == "parquet" &&
      std::count(wanted.begin(), wanted.end(), level::structure_level()) == 0)
    wanted.insert(wanted.begin(), level::structure_level());
  request.with_case = request.with_spans = !text;
  std::unique_ptr<store::OutputFolder> folder;
  const Status ready = prepare_output(o, folder);
  if (!ready.ok()) return report(kCommand, ready.error());
  auto extracted = extract::extract(request, where, cancelled);
  if (cancelled && !extracted.ok()) return report_interrupted(kCommand, kNothingDone);
  if (!extracted.ok()) return report(kCommand, extracted.error());
  Record& record = extracted.value();
  if (text && bare) record.missing.erase(std::string(extract::kSource));  // it is not shown
  const int whole = report_missing(record);
  // Others are there where a level follows from them.
  std::erase_if(record.shown, [&](const auto& shown) {
    return std::ranges::find(wanted, shown.first) == wanted.end();
  });
  if (record.shown.empty()) return kFailed;
  int done = kDone;
  if (o.format == "json") {
    done = give(as_json_text(record), o.out);
  } else if (text) {
    done = give(as_text(record, o, bare), o.out);
  } else {
    done = write_rows(std::move(record), o, std::move(folder), where);
  }
  return done == kDone ? whole : done;
}

// "file.py::function" or "package.module:qualified.name"
Status check_target(const std::string& target) {
  const std::size_t colon = target.rfind(':');
  const std::string what = in_one_line(target);
  if (colon == std::string::npos)
    return Error::usage(
        fmt::format("'{}': write file.py::function or package.module:function", what));
  const bool of_file = target.substr(0, colon).ends_with(':');
  const std::string place = target.substr(0, colon - (of_file ? 1 : 0));
  const std::string name = target.substr(colon + 1);
  if (place.empty() || name.empty())
    return Error::usage(fmt::format("'{}': name the {} the colon: {}{}{}", what,
                                    name.empty() ? "function behind" : "file or module before",
                                    place.empty() ? "file.py" : place, of_file ? "::" : ":",
                                    name.empty() ? "function" : name));
  if (!of_file && (place.ends_with(".py") || place.find('/') != std::string::npos))
    return Error::usage(fmt::format("'{}': of a file write {}::{}", what, place, name));
  return {};
}

Status check_options(Options& o) {
  JAXSMITH_CHECK(check_target(o.request.target));
  for (const std::string& item : o.levels) {
    for (const std::string& name : split_list(item)) {
      JAXSMITH_TRY(level, level::level_named(name, "--level"));
      o.request.levels.push_back(level);
    }
  }
  if (!o.format.empty() && o.format != "text" && o.format != "json" && o.format != "parquet")
    return Error::usage(fmt::format("--format {}: there are text, json, parquet", o.format));
  if (o.format == "parquet" && o.out.empty())
    return Error::usage("--format parquet: name the folder that the dataset goes to by --out");
  if (o.colour != "auto" && o.colour != "always" && o.colour != "never")
    return Error::usage(fmt::format("--color {}: there are auto, always, never", o.colour));
  if (!o.example.empty()) o.request.example = o.example;
  if (o.request.example && !o.request.arguments.empty())
    return Error::usage("--arg and --example: give one of them");
  return {};
}

void add_options(CLI::App& app, Options& o) {
  app.add_option("target", o.request.target, "file.py::function or package.module:qualified.name")
      ->required()
      ->type_name("FUNCTION");
  const auto repeated = [&](const char* flag, std::vector<std::string>& values, const char* type,
                            const char* help) {
    app.add_option(flag, values, help)
        ->type_name(type)
        ->type_size(1)
        ->expected(-1)
        ->allow_extra_args(false);
  };
  repeated(
      "--arg", o.request.arguments, "AVAL",
      "an argument as JAX writes it: 'f32[8,8]', 'i32[]', 'key<fry>[]', or 'name=f32[8]' for a "
      "keyword; repeat it for the next");
  repeated(
      "--static", o.request.statics, "NAME=VALUE",
      "a static argument, as Python writes it: n=3, 'mode=\"add\"', or an expression of names of "
      "the function's module");
  app.add_option("--example", o.example,
                 "a Python expression, evaluated in the function's module, for the tuple of "
                 "arguments, or for (arguments, keywords)")
      ->type_name("EXPR");
  repeated("--transform", o.request.transforms, "NAME",
           "grad, value_and_grad, vmap, jvp, vjp, jacfwd, jacrev, hessian, checkpoint, with JAX's "
           "keywords as in 'vmap(in_axes=(0, None))'; several are composed in order");
  static const std::string kLevels =
      level::list_of_levels() + " (default: the source, and what needs no compiler)";
  repeated("--level", o.levels, "LEVEL", kLevels.c_str());
  app.add_flag("--x64", o.request.x64, "with jax_enable_x64 on");
  app.add_option("--devices", o.request.devices, "CPU devices (default 1)")
      ->type_name("N")
      ->check(whole_number(1, INT32_MAX));
  app.add_option("--format", o.format, "text (default), json with case and alignment, parquet")
      ->type_name("FORMAT");
  add_output(app, "--out", o.out, "file to write; for parquet a new folder")->type_name("PATH");
  app.add_option("--python", o.python, "Python that has JAX and the function's modules")
      ->type_name("PROGRAM");
  app.add_option("--color", o.colour, "auto (default), always, never")->type_name("WHEN");
}

}  // namespace

int extract_main(int argc, char** argv) {
  CLI::App app(
      "Prints a JAX function's source, jaxpr, StableHLO and HLO, as JAX itself prints them, or "
      "writes them with a recorded case.\nThe function is anything that jax.jit takes. What cannot "
      "be "
      "made of it is named on standard error with the reason, the rest is printed, and the exit "
      "status is 1.",
      "jaxsmith extract");
  Options options;
  add_options(app, options);
  app.get_formatter()->column_width(30);
  if (const auto ended = parse(
          app, argc, argv,
          "Examples:\n"
          "  jaxsmith extract model.py::loss --arg 'f32[8,8]' --arg 'f32[8]'\n"
          "  jaxsmith extract jax.nn:softmax --arg 'f32[4]' --transform grad --level stablehlo\n"
          "  jaxsmith extract model.py::model.apply --example '(params, batch)' --format json\n"))
    return *ended;
  const Status status = check_options(options);
  if (!status.ok()) return report(kCommand, status.error());
  return run(std::move(options));
}

}  // namespace jaxsmith::cli
