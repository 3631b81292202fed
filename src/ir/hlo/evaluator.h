// Verifies and executes a module.
//
//   Evaluator evaluator(module, text, file);
//   JAXSMITH_CHECK(evaluator.verify());
//   JAXSMITH_TRY(results, evaluator.run(inputs));
#pragma once

#include <limits>
#include <optional>
#include <unordered_map>

#include "base/status.h"
#include "ir/common/body.h"
#include "ir/common/signature.h"
#include "ir/hlo/call_graph.h"
#include "ir/hlo/op_table.h"

namespace jaxsmith::hlo {

class Evaluator {
 public:
  // `text` and `file` are what errors show; the text may be empty.
  explicit Evaluator(const Module& module, std::string_view text = {},
                     std::string_view file = "hlo");

  // Operands, attributes and types of every instruction, what computations take and give, and that
  // none calls itself.
  Status verify(const tensor::EvaluationContext& context);
  Status verify();  // within a budget by the length of the text
  // Of the entry computation; results are the parts of a tuple.
  Result<ir::Signature> signature();
  // Arguments by position; verifies first. Errors: of the program, of what jaxsmith does not know,
  // of the budget. A module that was divided among devices takes whole arrays: each device gets its
  // part of those that are larger than its parameter. A result that is not the same on all devices
  // is the tuple of theirs.
  Result<std::vector<Datum>> run(std::vector<Datum> arguments,
                                 const tensor::EvaluationContext& context);
  Result<std::vector<Datum>> run(std::vector<Datum> arguments, const tensor::Budget& budget = {});
  // What the last error was.
  const tensor::EvaluationError& error() const { return error_; }
  // Of a verified module: replicas times partitions; as many as can be counted where these are
  // more, as no module of so many is run.
  std::int64_t devices() const {
    const auto [replicas, partitions] = replicas_and_partitions();
    std::int64_t count = 0;
    return __builtin_mul_overflow(replicas, partitions, &count)
               ? std::numeric_limits<std::int64_t>::max()
               : count;
  }

 private:
  friend class Call;
  struct State {
    Datum result_type;
    // Per instruction: the last one that uses it, after which its value is let go; and what reading
    // its attributes costs.
    std::vector<std::int32_t> last_use;
    std::vector<std::int64_t> reading;
    std::vector<Datum> values;
  };

  Status failed(const tensor::EvaluationError& error);
  void verify_calls(const CallGraph& graph);
  void verify_entry_layout();
  void verify_computation(std::size_t c);
  void verify_signature(std::size_t c);
  void verify_instruction(const Computation& computation, const Instruction& op,
                          const OpRule& rule);
  void check_type(const Instruction& op, const Datum& result) const;

  // How many there are, by the module's header.
  std::pair<std::int64_t, std::int64_t> replicas_and_partitions() const;
  std::vector<Datum> run_everywhere(const std::vector<Datum>& arguments);
  std::vector<Datum> run_entry(std::vector<Datum> arguments);
  Datum part_for(const Datum& argument, const Shape& shape) const;
  Datum call(std::size_t computation, std::vector<Datum> arguments);
  Datum run_computation(std::size_t computation, std::vector<Datum> arguments, bool lifted);
  Datum run_instruction(const Computation& computation, std::int32_t i, std::vector<Datum>& values,
                        bool lifted);
  tensor::Body body(std::size_t computation);
  ir::BodyOutline outline(const Computation& computation) const;
  std::vector<Array> run_body(std::size_t computation, std::vector<Array> arguments, bool lifted);

  const Module& m_;
  std::string_view text_, file_;
  std::vector<State> states_;
  std::unordered_map<const Instruction*, Datum> constants_;
  ir::BodyFacts facts_{
      [this](ir::BodyId c) { return outline(*static_cast<const Computation*>(c)); }};
  ir::Devices* devices_ = nullptr;
  std::int64_t device_ = 0;
  bool verified_ = false;
  bool abstract_ = false;
  std::size_t at_ = 0;
  ir::Depth depth_{2 * ir::Limits().depth};  // of calls; that none is deeper was verified
  tensor::EvaluationContext context_ = tensor::EvaluationContext::unmetered();
  tensor::EvaluationError error_;
};

}  // namespace jaxsmith::hlo
