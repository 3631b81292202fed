// What a reader makes of a text: one module, with what its level allows to be asked of it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "ir/common/changed_runs.h"
#include "ir/common/mutation.h"
#include "ir/common/signature.h"

namespace jaxsmith::ir {

// How often each operation occurs.
using OpCounts = std::map<std::string, std::int64_t>;

// How large a program is. Calls that only wrap count as what they wrap, where they are called; what
// control flow and reductions hold counts once.
struct Extent {
  std::int64_t operations = 0, distinct_operations = 0;
  std::int64_t nesting = 0;  // of control flow
  // The longest way through operations of which each takes the one before's result, also within
  // what control flow holds.
  std::int64_t depth = 0;

  bool operator==(const Extent&) const = default;
};

// What a program is besides its names: two texts that duplicates and splits go by, and its sizes.
struct Structure {
  std::string structure, signature;   // the signature has sizes and element types, too
  std::int64_t equations = 0;         // inner ones, too
  std::optional<Extent> extent = {};  // nothing where it is too much to walk through
};

// The type of a value; what it refers to stays in the program.
struct ValueType {
  std::string_view dtype;  // "f32"; the whole name of what is no array
  bool is_array = true;    // then it has a shape
  std::span<const std::int64_t> shape;
};

// A program's operations and what goes from one to another. Calls that only wrap count as what they
// wrap, where they are called; what control flow and reductions hold counts once.
struct Flow {
  std::vector<std::string> operations;  // in order
  // Which operation's result which one takes; arg and block for what comes from outside.
  std::vector<std::pair<std::string, std::string>> pairs;
  std::vector<ValueType> arguments;  // of the program
  std::vector<ValueType> results;    // of each operation
  Extent extent;
};

// Elementwise operations that join an array with the one number of a whole reduction, which is a
// way to make shapes meet: x + jnp.mean(y).
struct Glue {
  std::int64_t elementwise = 0;  // operations with two operands that give an array
  std::int64_t joining = 0;      // of these with one operand that came of a whole reduction
};

// Readers override what their level can (ir/common/level_row.h); nothing else is called.
class Program {
 public:
  virtual ~Program() = default;
  // As JAX prints it.
  virtual std::string print() const { return {}; }
  // One text for all that say the same in other words.
  virtual std::string canonical() const { return {}; }
  virtual OpCounts op_counts() const { return {}; }
  // Of all values at any depth, as far as arrays can be of them.
  virtual std::set<tensor::DType> element_types() const { return {}; }
  // Within a budget by the length of the text, or that of the context.
  virtual Status verify() { return {}; }
  virtual Status verify(const tensor::EvaluationContext&) { return {}; }
  // Errors are of one line.
  virtual Result<Structure> structure() const { return cannot(); }
  virtual Result<Flow> flow() const { return cannot(); }
  virtual Result<Glue> glue() const { return cannot(); }
  virtual Result<Signature> signature() { return cannot(); }
  virtual Result<std::vector<Datum>> run(std::vector<Datum>, const tensor::EvaluationContext&) {
    return cannot();
  }
  // Of a run on these arguments. The program runs nothing else while that is in use.
  virtual Result<std::unique_ptr<ChangedRuns>> changed_runs(std::vector<Datum>, ChangeArray,
                                                            const tensor::EvaluationContext&) {
    return cannot();
  }
  // The program changed in one place (ir/common/mutation.h), printed; it stays as it is itself.
  // Nothing where it has no such place.
  virtual std::optional<MutatedText> mutated(Random&) const { return std::nullopt; }
  // Of a module that checks itself.
  virtual Status run_checks(const tensor::EvaluationContext&) { return cannot(); }
  // What the last error of verify(), signature() or run() was.
  virtual const tensor::EvaluationError& error() const {
    static const tensor::EvaluationError kCannot = {tensor::EvaluationError::Kind::kUnsupported,
                                                    "this level cannot do that"};
    return kCannot;
  }
  virtual std::int64_t devices() const { return 1; }
  virtual std::int64_t checks_made() const { return 0; }
  virtual std::vector<std::string> failed_checks() const { return {}; }
  virtual std::vector<tensor::Array> expected_by_checks() const { return {}; }
  // The same program in double precision, which uses this one up; null where there is none.
  virtual std::unique_ptr<Program> widened() && { return nullptr; }

 private:
  static Error cannot() { return Error::internal("this level cannot do that"); }
};

using Programs = std::vector<std::unique_ptr<Program>>;

// What Program::mutated() gives of a copy of a module, whose language has mutations(module) and
// print(module).
template <class Module>
std::optional<MutatedText> mutated_text(Module copy, Random& random) {
  auto change = make_one(mutations(copy), random);
  if (!change) return std::nullopt;
  return MutatedText{std::move(*change), print(copy)};
}

// A program of a language that has an evaluator.
template <class Module, class Evaluator>
class EvaluatedProgram : public Program {
 public:
  EvaluatedProgram(Module module, std::string_view text, std::string file)
      : module_(std::move(module)),
        text_(text),
        file_(std::move(file)),
        evaluator_(module_, text_, file_) {}
  Status verify() override { return evaluator_.verify(); }
  Status verify(const tensor::EvaluationContext& context) override {
    return evaluator_.verify(context);
  }
  Result<Signature> signature() override { return evaluator_.signature(); }
  Result<std::vector<Datum>> run(std::vector<Datum> arguments,
                                 const tensor::EvaluationContext& context) override {
    return evaluator_.run(std::move(arguments), context);
  }
  Status run_checks(const tensor::EvaluationContext& context) override {
    if constexpr (requires(Evaluator& e) { e.run_checks(context); })
      return evaluator_.run_checks(context);
    JAXSMITH_CHECK(run({}, context));
    return {};
  }
  const tensor::EvaluationError& error() const override { return evaluator_.error(); }
  std::int64_t devices() const override {
    if constexpr (requires(const Evaluator& e) { e.devices(); }) return evaluator_.devices();
    return 1;
  }
  std::int64_t checks_made() const override {
    if constexpr (requires(const Evaluator& e) { e.checks_made(); })
      return evaluator_.checks_made();
    return 0;
  }
  std::vector<std::string> failed_checks() const override {
    if constexpr (requires(const Evaluator& e) { e.failed_checks(); })
      return evaluator_.failed_checks();
    return {};
  }
  std::vector<tensor::Array> expected_by_checks() const override {
    if constexpr (requires(const Evaluator& e) { e.expected_by_checks(); })
      return evaluator_.expected_by_checks();
    return {};
  }

 protected:
  const Module& module() const { return module_; }
  Module take_module() { return std::move(module_); }
  Evaluator& evaluator() { return evaluator_; }
  std::string_view text() const { return text_; }
  const std::string& file() const { return file_; }

 private:
  Module module_;
  std::string_view text_;
  std::string file_;
  Evaluator evaluator_;
};

// LevelRow::parse by a language's own parser, which gives the module of a text, or several.
template <class Read, auto parse>
Result<Programs> read_modules(std::string_view text, const std::string& file) {
  JAXSMITH_TRY(parsed, parse(text, file));
  Programs out;
  const auto add = [&](auto& module) {
    out.push_back(std::make_unique<Read>(std::move(module), text, file));
  };
  if constexpr (requires { parsed.begin(); })
    std::ranges::for_each(parsed, add);
  else
    add(parsed);
  return out;
}

}  // namespace jaxsmith::ir
