#include "store/schema.h"

#include <fmt/format.h>

#include <functional>
#include <numeric>

#include "store/table_builder.h"

namespace jaxsmith::store {

using check::Sample;

namespace {

using arrow::ArrayBuilder;

std::shared_ptr<arrow::DataType> avals_type() {
  return struct_list({arrow::field("name", arrow::utf8()), arrow::field("dtype", arrow::utf8()),
                      arrow::field("shape", shape_type())});
}

std::shared_ptr<arrow::DataType> arrays_type() {
  return struct_list({arrow::field("name", arrow::utf8()), arrow::field("dtype", arrow::utf8()),
                      arrow::field("shape", shape_type()), arrow::field("data", arrow::binary())});
}

std::shared_ptr<arrow::DataType> cases_type() {
  return struct_list(
      {arrow::field("inputs", arrays_type()), arrow::field("outputs", arrays_type())});
}

std::shared_ptr<arrow::DataType> counts_type() {
  return struct_list({arrow::field("op", arrow::utf8()), arrow::field("count", arrow::int64())});
}

struct Row {
  const Sample& sample;
  const RunDescription& run;
};

using Append = std::function<void(Appender&, ArrayBuilder*, const Row&)>;

struct SampleColumn {
  Column column;
  Append append;
};

void append_avals(Appender& a, ArrayBuilder* b, const std::vector<source::ArgumentSpec>& specs) {
  a.list(b, specs, [&](ArrayBuilder* v, const source::ArgumentSpec& s) {
    a.structure(v, [&](arrow::StructBuilder& fields) {
      a.text(fields.field_builder(0), s.name);
      a.text(fields.field_builder(1), source::dtype_text(s));
      a.shape(fields.field_builder(2), s.shape);
    });
  });
}

// `specs` names the arrays; it may be empty.
void append_arrays(Appender& a, ArrayBuilder* b, const std::vector<tensor::Tensor>& tensors,
                   const std::vector<source::ArgumentSpec>& specs) {
  std::size_t i = 0;
  a.list(b, tensors, [&](ArrayBuilder* v, const tensor::Tensor& t) {
    a.structure(v, [&](arrow::StructBuilder& fields) {
      a.text(fields.field_builder(0), i < specs.size() ? specs[i].name : "");
      a.text(fields.field_builder(1), tensor::jaxpr_name(t.dtype));
      a.shape(fields.field_builder(2), t.shape);
      a.bytes(fields.field_builder(3), t.bytes);
    });
    ++i;
  });
}

void append_counts(Appender& a, ArrayBuilder* b, const Sample& s, level::Level level) {
  static const ir::OpCounts kNone;
  const auto found = s.op_counts.find(level);
  a.list(b, found == s.op_counts.end() ? kNone : found->second,
         [&](ArrayBuilder* v, const auto& entry) {
           a.structure(v, [&](arrow::StructBuilder& fields) {
             a.text(fields.field_builder(0), entry.first);
             a.integer(fields.field_builder(1), entry.second);
           });
         });
}

// JAX's word on the results, with the names they have in the source.
std::vector<source::ArgumentSpec> results_of(const Sample& s) {
  if (s.function.provenance.origin != source::Origin::kGenerated)
    return s.function.results;  // from the jaxpr
  std::vector<source::ArgumentSpec> out;
  for (std::size_t i = 0; i < s.outcome.outputs.size(); ++i) {
    const tensor::Tensor& t = s.outcome.outputs[i];
    out.push_back(
        {i < s.function.results.size() ? s.function.results[i].name : "", t.dtype, t.shape, {}});
  }
  return out;
}

std::shared_ptr<arrow::DataType> spans_type() {
  using arrow::field, arrow::int64;
  return struct_list(
      {field("line", int64()), field("kind", arrow::utf8()),
       field("sources", struct_list({field("line", int64()), field("column", int64()),
                                     field("end_line", int64()), field("end_column", int64())})),
       field("reason", arrow::utf8())});
}

void append_spans(Appender& a, ArrayBuilder* b, const Sample& s, level::Level level) {
  static const std::vector<trace::Span> kNone;
  const auto found = s.outcome.spans.find(level);
  a.list(b, found == s.outcome.spans.end() ? kNone : found->second,
         [&](ArrayBuilder* v, const trace::Span& span) {
           a.structure(v, [&](arrow::StructBuilder& fields) {
             a.integer(fields.field_builder(0), span.line);
             a.text(fields.field_builder(1), word(span.kind));
             a.list(fields.field_builder(2), span.sources,
                    [&](ArrayBuilder* w, const trace::SourceRange& r) {
                      a.structure(w, [&](arrow::StructBuilder& place) {
                        const std::int64_t numbers[] = {r.line, r.column, r.end_line, r.end_column};
                        for (int i = 0; i < 4; ++i) a.integer(place.field_builder(i), numbers[i]);
                      });
                    });
             a.text(fields.field_builder(3), span.reason);
           });
         });
}

void append_checks(Appender& a, ArrayBuilder* b, const std::vector<check::CheckResult>& checks) {
  a.list(b, checks, [&](ArrayBuilder* v, const check::CheckResult& c) {
    a.structure(v, [&](arrow::StructBuilder& fields) {
      a.text(fields.field_builder(0), c.name());
      a.text(fields.field_builder(1), word(c.status));
      a.text(fields.field_builder(2), c.detail);
    });
  });
}

using Columns = std::vector<SampleColumn>;

// What it is and where it comes from.
Columns origin_columns() {
  using arrow::int64, arrow::utf8;
  return {
      {{"id", utf8(), false,
        "the row's name, in this run and any other: seed (hexadecimal), family and member; of what "
        "is not generated a digest"},
       [](Appender& a, ArrayBuilder* b, const Row& r) {
         a.text(b, source::row_id(r.sample.function));
       }},
      {{"origin", utf8(), true,
        "how jaxsmith came by it: generated (written by jaxsmith), extracted (a function that was "
        "named), captured (compiled by a program that was watched)"},
       [](Appender& a, ArrayBuilder* b, const Row& r) {
         a.text(b, word(r.sample.function.provenance.origin));
       }},
      {{"seed", arrow::uint64(), true, "seed of the run"},
       [](Appender& a, ArrayBuilder* b, const Row& r) {
         a.natural(b, r.sample.function.key.seed);
       }},
      {{"index", int64(), false,
        "number of the family: with seed and member it is all that the function is made from"},
       [](Appender& a, ArrayBuilder* b, const Row& r) {
         a.integer(b, static_cast<std::int64_t>(r.sample.function.key.family));
       }},
      {{"member", int64(), true, "number within the family; 0 is its root, the forward function"},
       [](Appender& a, ArrayBuilder* b, const Row& r) {
         a.integer(b, r.sample.function.key.member);
       }},
      {{"family", utf8(), false, "the functions that come from one program share it"},
       [](Appender& a, ArrayBuilder* b, const Row& r) {
         a.text(b, source::row_family(r.sample.function));
       }},
      {{"category", utf8(), true, "kind of operations that the family's program is about"},
       [](Appender& a, ArrayBuilder* b, const Row& r) { a.text(b, r.sample.function.category); }},
      {{"tags", arrow::list(arrow::field("element", utf8())), true,
        "categories of all operations in it, sorted"},
       [](Appender& a, ArrayBuilder* b, const Row& r) {
         a.list(b, r.sample.function.tags,
                [&](ArrayBuilder* v, const std::string& t) { a.text(v, t); });
       }},
      {{"transformation", utf8(), true,
        "what the entry point is of the family's program: forward, grad, value_and_grad, jvp, vjp, "
        "jacfwd, jacrev, hessian, vmap"},
       [](Appender& a, ArrayBuilder* b, const Row& r) {
         a.text(b, r.sample.function.transformation);
       }},
      {{"variant", utf8(), true, "base, or what differs from the family's root: dtype, shape"},
       [](Appender& a, ArrayBuilder* b, const Row& r) { a.text(b, r.sample.function.variant); }},
      {{"source", utf8(), false, "a complete Python module"},
       [](Appender& a, ArrayBuilder* b, const Row& r) { a.text(b, r.sample.function.source); }},
      {{"entry", utf8(), false, "name of the function in it that was traced"},
       [](Appender& a, ArrayBuilder* b, const Row& r) { a.text(b, r.sample.function.entry); }},
      {{"callable", utf8(), false,
        "module and qualified name of a function that is not generated: package.module:function"},
       [](Appender& a, ArrayBuilder* b, const Row& r) {
         a.text(b, r.sample.function.provenance.callable);
       }},
      {{"call_site", utf8(), false, "file and line that called a captured function"},
       [](Appender& a, ArrayBuilder* b, const Row& r) {
         a.text(b, r.sample.function.provenance.call_site);
       }},
      {{"static_arguments", utf8(), false, "JSON: static arguments by name, as Python writes them"},
       [](Appender& a, ArrayBuilder* b, const Row& r) {
         a.text(b, r.sample.function.provenance.statics);
       }},
  };
}

Columns interface_columns() {
  return {
      {{"arguments", avals_type(), false,
        "path (x, params['w'], state.velocity), dtype (as JAX prints it) and shape of each leaf of "
        "the arguments, in the order of jax.tree.leaves"},
       [](Appender& a, ArrayBuilder* b, const Row& r) {
         append_avals(a, b, r.sample.function.arguments);
       }},
      {{"argument_tree", arrow::utf8(), false,
        "what the entry takes, in the names of source: an expression with positions in arguments "
        "in "
        "the place of arrays; empty of what is not generated"},
       [](Appender& a, ArrayBuilder* b, const Row& r) {
         a.text(b, r.sample.function.argument_tree);
       }},
      {{"kept_arguments", shape_type(), false,
        "positions, from 0, of the arguments that StableHLO and HLO still have: JAX leaves out "
        "those "
        "that no result depends on"},
       [](Appender& a, ArrayBuilder* b, const Row& r) {
         const source::Function& f = r.sample.function;
         tensor::Shape kept(f.kept.begin(), f.kept.end());
         if (f.provenance.origin ==
             source::Origin::kGenerated) {  // with an unused argument it is refused
           kept.resize(f.arguments.size());
           std::iota(kept.begin(), kept.end(), 0);
         }
         a.shape(b, kept);
       }},
      {{"results", avals_type(), false,
        "the same of each leaf of the result, in the order of jax.tree.leaves"},
       [](Appender& a, ArrayBuilder* b, const Row& r) {
         append_avals(a, b, results_of(r.sample));
       }},
  };
}

// The texts, and behind one that has constants their values.
Columns text_columns() {
  Columns out;
  for (const level::Level level : level::levels()) {
    const ir::LevelRow& row = level::row_of(level);
    out.push_back({{std::string(row.name), arrow::utf8(), false, std::string(row.text_column)},
                   [level](Appender& a, ArrayBuilder* b, const Row& r) {
                     const auto& texts = r.sample.outcome.levels;
                     const auto found = texts.find(level);
                     if (found == texts.end()) return a.null(b);
                     a.text(b, found->second);
                   }});
    if (!row.has_constants) continue;
    out.push_back(
        {{"constants", tensors_type(), false,
          "values of the constants that the jaxpr captures, which stand between `lambda` and the "
          "semicolon: its own, then those of the jaxprs within it, in the order in which these are "
          "first come by, parameters by name"},
         [](Appender& a, ArrayBuilder* b, const Row& r) {
           append_tensors(a, b, r.sample.outcome.constants);
         }});
  }
  return out;
}

Columns case_columns() {
  return {
      {{"inputs", arrays_type(), false,
        "recorded case: name, dtype, shape and bytes (little-endian, row-major) of each argument"},
       [](Appender& a, ArrayBuilder* b, const Row& r) {
         append_arrays(a, b, r.sample.function.inputs[0], r.sample.function.arguments);
       }},
      {{"outputs", arrays_type(), false, "what the compiled function gave on these inputs, twice"},
       [](Appender& a, ArrayBuilder* b, const Row& r) {
         append_arrays(a, b, r.sample.outcome.outputs, r.sample.function.results);
       }},
      {{"further_cases", cases_type(), false,
        "up to three further cases, on which operations count that are inert in the recorded one "
        "(the other branch, the other side of a bound); empty where one case shows enough. Texts "
        "give the recorded outputs in each"},
       [](Appender& a, ArrayBuilder* b, const Row& r) {
         const source::Function& f = r.sample.function;
         a.list(b, r.sample.further_cases, [&](ArrayBuilder* v, const check::Case& each) {
           a.structure(v, [&](arrow::StructBuilder& fields) {
             append_arrays(a, fields.field_builder(0), each.inputs, f.arguments);
             append_arrays(a, fields.field_builder(1), each.outputs, f.results);
           });
         });
       }},
  };
}

Columns count_columns() {
  Columns out;
  for (const level::Level level : level::levels()) {
    const ir::LevelRow& row = level::row_of(level);
    if (row.counts)
      out.push_back(
          {{level::counts_column(level), counts_type(), false, std::string(row.counts_column)},
           [level](Appender& a, ArrayBuilder* b, const Row& r) {
             append_counts(a, b, r.sample, level);
           }});
  }
  return out;
}

// One of the figures of Structure::extent; null where they are not known.
Append extent_column(std::int64_t ir::Extent::* figure) {
  return [figure](Appender& a, ArrayBuilder* b, const Row& r) {
    const auto& extent = r.sample.sizes.extent;
    extent ? a.integer(b, (*extent).*figure) : a.null(b);
  };
}

Columns cost_columns() {
  using arrow::float64, arrow::int64;
  return {
      {{"equations", int64(), false, "equations of the jaxpr, inner ones too"},
       [](Appender& a, ArrayBuilder* b, const Row& r) { a.integer(b, r.sample.sizes.equations); }},
      {{"depth", int64(), false,
        "the longest way through the jaxpr's operations, of which each takes the one before's "
        "result, also within what control flow holds; null, as the next two are, where there is no "
        "jaxpr"},
       extent_column(&ir::Extent::depth)},
      {{"nesting", int64(), true,
        "how deep control flow (scan, while, cond, shard_map, pallas_call) is nested: 0 where "
        "there is none"},
       extent_column(&ir::Extent::nesting)},
      {{"distinct_operations", int64(), false,
        "how many operations the jaxpr has that differ by name; jit and its like count as what "
        "they wrap"},
       extent_column(&ir::Extent::distinct_operations)},
      {{"tokens", int64(), false,
        "Python's tokens of the source, without comments, ends of lines and indents"},
       [](Appender& a, ArrayBuilder* b, const Row& r) { a.integer(b, r.sample.sizes.tokens); }},
      {{"difficulty", int64(), true,
        "1 (easiest) to 5, by equations, depth, nesting, distinct_operations and tokens: "
        "docs/statistics.md has the formula; null where one of them is"},
       [](Appender& a, ArrayBuilder* b, const Row& r) {
         a.integer_or_null(b, r.sample.difficulty);
       }},
      {{"inert", float64(), false,
        "share of the jaxpr's operations that are inert: changed alone (floats x * 1.1 + 0.05, "
        "whole numbers x + 1, truth values negated) they move no output by more than 1e-3 (f16, "
        "bf16: 2e-2) of itself, neither in the recorded case nor in a further one; those of a "
        "loop's body count once; of more than 96 some are drawn; null where it was not measured: "
        "there is no case, it runs on several devices, or takes too long"},
       [](Appender& a, ArrayBuilder* b, const Row& r) { a.number_or_null(b, r.sample.inert); }},
      {{"flops", float64(), false,
        "floating-point operations of one call, by XLA's cost analysis of the optimised module"},
       [](Appender& a, ArrayBuilder* b, const Row& r) { a.number(b, r.sample.outcome.flops); }},
      {{"bytes_accessed", float64(), false,
        "bytes read and written by one call, by the same analysis"},
       [](Appender& a, ArrayBuilder* b, const Row& r) {
         a.number(b, r.sample.outcome.bytes_accessed);
       }},
  };
}

Columns span_columns() {
  Columns out;
  for (const level::Level level : level::levels()) {
    const ir::LevelRow& row = level::row_of(level);
    if (row.spans_column.empty()) continue;
    out.push_back({{level::spans_column(level), spans_type(), false, std::string(row.spans_column)},
                   [level](Appender& a, ArrayBuilder* b, const Row& r) {
                     append_spans(a, b, r.sample, level);
                   }});
  }
  return out;
}

// What was found of it, and what it was made with.
Columns verdict_columns() {
  using arrow::boolean, arrow::int64, arrow::utf8;
  return {
      {{"checks",
        struct_list({arrow::field("check", utf8()), arrow::field("status", utf8()),
                     arrow::field("detail", utf8())}),
        false,
        "what the row was put to: status is passed, failed or not done, and then detail says why; "
        "generated rows that fail one are refused; of a level that is null because JAX could not "
        "make it, made:LEVEL has failed; where the source cannot be found, source has failed"},
       [](Appender& a, ArrayBuilder* b, const Row& r) { append_checks(a, b, r.sample.checks); }},
      {{"structure", utf8(), false,
        "digest of the jaxpr with variables renumbered, without literals, sizes and dtypes: splits "
        "go by it"},
       [](Appender& a, ArrayBuilder* b, const Row& r) { a.text(b, r.sample.structure); }},
      {{"signature", utf8(), false,
        "digest of the same with sizes and dtypes: no two rows share it"},
       [](Appender& a, ArrayBuilder* b, const Row& r) { a.text(b, r.sample.signature); }},
      {{"split", utf8(), true,
        "train, validation or test, and those of jaxsmith split; a family stands in one, and so "
        "does a structure"},
       [](Appender& a, ArrayBuilder* b, const Row& r) { a.text(b, word(r.sample.split)); }},
      {{"x64", boolean(), false, "whether jax_enable_x64 was on"},
       [](Appender& a, ArrayBuilder* b, const Row& r) {
         a.boolean(b, r.sample.function.runtime.x64);
       }},
      {{"devices", int64(), true, "CPU devices that the function runs on"},
       [](Appender& a, ArrayBuilder* b, const Row& r) {
         a.integer(b, r.sample.function.runtime.devices);
       }},
      {{"jax", utf8(), true, "version of JAX"},
       [](Appender& a, ArrayBuilder* b, const Row& r) { a.text(b, r.run.versions.jax); }},
      {{"jaxlib", utf8(), true, "version of jaxlib, and with it of XLA"},
       [](Appender& a, ArrayBuilder* b, const Row& r) { a.text(b, r.run.versions.jaxlib); }},
      {{"jaxsmith", utf8(), true, "version of jaxsmith"},
       [](Appender& a, ArrayBuilder* b, const Row& r) { a.text(b, r.run.jaxsmith_version); }},
      {{"options", utf8(), true, "JSON: the options that texts and outputs depend on"},
       [](Appender& a, ArrayBuilder* b, const Row& r) {
         const std::string& own = r.sample.function.provenance.options;
         const bool plain = r.sample.function.runtime.devices > 1;
         if (!own.empty()) return a.text(b, own);
         a.text(b, plain ? r.run.plain_row_options : r.run.row_options);
       }},
  };
}

const Columns& columns() {
  static const Columns kColumns = [] {
    Columns out;
    for (const auto part : {origin_columns, interface_columns, text_columns, case_columns,
                            count_columns, cost_columns, span_columns, verdict_columns}) {
      Columns more = part();
      std::move(more.begin(), more.end(), std::back_inserter(out));
    }
    return out;
  }();
  return kColumns;
}

}  // namespace

std::span<const Column> sample_columns() {
  static const std::vector<Column> kColumns = [] {
    std::vector<Column> out;
    for (const SampleColumn& c : columns()) out.push_back(c.column);
    return out;
  }();
  return kColumns;
}

std::span<const Column> reject_columns() {
  using arrow::utf8;
  static const std::vector<Column> kColumns = {
      {"id", utf8(), false, "the name that it would have in the dataset"},
      {"callable", utf8(), false, "module and qualified name of a function that is not generated"},
      {"category", utf8(), true, "kind of operations that the family's program is about"},
      {"transformation", utf8(), true, "what the entry point is of the family's program"},
      {"variant", utf8(), true, "base, dtype, shape"},
      {"stage", utf8(), true, "where it left: a stage of the worker, check, redo, select, split"},
      {"reason", utf8(), true, "why, as a short key"},
      {"detail", utf8(), false, "why, in a line"},
      {"source", utf8(), false, "the Python module"},
  };
  return kColumns;
}

std::shared_ptr<arrow::Schema> schema_of(std::span<const Column> columns) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (const Column& c : columns) fields.push_back(arrow::field(c.name, c.type));
  return arrow::schema(fields);
}

Result<std::shared_ptr<arrow::Table>> sample_table(const std::vector<Sample>& samples,
                                                   const RunDescription& run) {
  auto builders = builders_for(sample_columns());
  Appender appender;
  for (const Sample& s : samples) {
    const Row row{s, run};
    for (std::size_t i = 0; i < columns().size(); ++i)
      columns()[i].append(appender, builders[i].get(), row);
  }
  return table_of(sample_columns(), builders, appender.status());
}

Result<std::shared_ptr<arrow::Table>> reject_table(const std::vector<check::Reject>& rejects) {
  auto builders = builders_for(reject_columns());
  Appender a;
  for (const check::Reject& r : rejects) {
    const std::string_view texts[] = {r.id,
                                      r.callable,
                                      r.category,
                                      r.transformation,
                                      r.variant,
                                      word(r.refusal.stage),
                                      r.refusal.reason,
                                      r.refusal.detail,
                                      r.source};
    for (std::size_t i = 0; i < builders.size(); ++i) a.text(builders[i].get(), texts[i]);
  }
  return table_of(reject_columns(), builders, a.status());
}

std::string markdown_table(std::span<const Column> columns) {
  std::string out = "| column | type | what it holds |\n| --- | --- | --- |\n";
  for (const Column& c : columns) {
    std::string type = c.type->ToString();
    for (std::size_t at; (at = type.find("element: ")) != std::string::npos;) type.erase(at, 9);
    out += fmt::format("| `{}` | `{}` | {} |\n", c.name, type, c.description);
  }
  return out;
}

}  // namespace jaxsmith::store
