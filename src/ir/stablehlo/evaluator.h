// Verifies and executes a module.
//
//   Evaluator evaluator(module);
//   JAXSMITH_CHECK(evaluator.verify());
//   JAXSMITH_TRY(results, evaluator.run(inputs));
#pragma once

#include <map>
#include <unordered_map>

#include "base/status.h"
#include "ir/common/body.h"
#include "ir/common/signature.h"
#include "ir/stablehlo/op_table.h"

namespace jaxsmith::stablehlo {

class Evaluator {
 public:
  // `text` and `file` are what errors show; the text may be empty.
  explicit Evaluator(const Module& module, std::string_view text = {},
                     std::string_view file = "stablehlo");

  // Types, shapes, regions and attributes of every operation, and that functions give what they
  // say.
  Status verify(const EvaluationContext& context);
  Status verify();  // within a budget by the length of the text
  // Of the entry function. Errors: there is none, or its types are not known.
  Result<ir::Signature> signature();
  // Arguments by position. Errors: of the program, of what jaxsmith does not know, of the budget.
  // Without a function: the entry function.
  Result<std::vector<Datum>> run(std::vector<Datum> arguments, const EvaluationContext& context);
  Result<std::vector<Datum>> run(std::vector<Datum> arguments, const tensor::Budget& budget = {});
  Result<std::vector<Datum>> run(const Function& function, std::vector<Datum> arguments,
                                 const EvaluationContext& context);
  // What the last error was.
  const tensor::EvaluationError& error() const { return error_; }
  // Of the module's own checks (check.expect_eq …): how many were made and what those said that
  // failed.
  std::int64_t checks_made() const { return checks_made_; }
  // Runs what Module::self_checking() names; its results do not matter.
  Status run_checks(const EvaluationContext& context);
  const std::vector<std::string>& failed_checks() const { return failed_checks_; }
  // What they compared with.
  const std::vector<Array>& expected_by_checks() const { return expected_; }

 private:
  friend class Call;

  // On one device, or on all that the module is for.
  std::vector<Datum> run_everywhere(std::string_view name, std::vector<Datum> arguments);
  // Another evaluator of this module, on a device.
  std::vector<Datum> run_on(ir::Devices& devices, std::int64_t device, std::string_view name,
                            std::vector<Datum> arguments);
  // A block's values, of a function that calls itself.
  void keep(const Block& block, std::vector<std::pair<ValueId, Datum>>& kept);
  std::vector<Datum> run_block(const Block& block, std::vector<Datum> arguments, bool lifted);
  std::vector<Datum> run_op(const Op& op, bool lifted);
  // An operation whose rule is that of real numbers, on quantized ones.
  std::vector<Datum> run_quantized(const Op& op, const OpRule& rule, bool lifted);
  bool is_quantized(const Op& op, const OpRule& rule) const;
  std::int64_t cost_of(const Op& op) const;  // before it has done anything
  // Whether the operation's types leave dimensions open: it is then checked when it runs, and
  // gives what it is declared to give.
  bool is_open(const Op& op) const;
  std::vector<Datum> declared_results(const Op& op);
  std::vector<Datum> call(std::string_view name, std::vector<Datum> arguments);
  ir::BodyOutline outline(const Block& block) const;
  ir::BodyOutline::Operation outline(const Op& op) const;
  void verify_function(const Function& function);
  void check_result_types(const Op& op, const std::vector<Datum>& results);
  void check_elements(const Op& op) const;
  Datum abstract_of(const Type& type) const;
  Error error_of(const tensor::EvaluationError& e) const;

  const Module& m_;
  std::string_view text_, file_;
  std::vector<Datum> values_;
  std::map<std::string, ir::Mesh> meshes_;
  ir::Devices* devices_ = nullptr;
  std::int64_t device_ = 0;
  ir::BodyFacts facts_{[this](ir::BodyId b) { return outline(*static_cast<const Block*>(b)); }};
  std::unordered_map<std::string_view, const Function*> functions_;
  std::vector<std::string_view> running_;
  bool abstract_ = false;
  bool open_types_ = false;  // the module has types whose dimensions are open
  bool quantized_ = false;   // or quantized ones
  std::uint32_t at_ = 0;
  EvaluationContext context_ = EvaluationContext::unmetered();
  tensor::EvaluationError error_;
  std::int64_t checks_made_ = 0;
  std::vector<std::string> failed_checks_;
  std::vector<Array> expected_;
  std::map<std::string, std::vector<Array>> probes_;
  ir::Depth calls_, blocks_{500};  // that are run within one another
  std::size_t kept_ = 0;           // values that calls of a function by itself keep
  // Functions that give what is fed in, in the order of their use; shared by all devices.
  std::shared_ptr<std::deque<std::string>> infeed_;
};

}  // namespace jaxsmith::stablehlo
