// The primitives: for each its name, and a rule that gives its results from its operands. On
// abstract arrays the same rule is the primitive's type rule (tensor/array.h). Rules are those of
// JAX's lowering for the CPU (jax/_src: each primitive's lowering rule), in StableHLO's terms.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "ir/common/attributes.h"
#include "ir/common/collectives.h"
#include "ir/common/maker.h"
#include "ir/common/sharding.h"
#include "ir/jaxpr/value.h"
#include "tensor/reduction.h"

namespace jaxsmith::jaxpr {

using tensor::Binary;
using tensor::Body;
using tensor::Direction;
using tensor::Unary;

class Evaluator;
struct Step;
using Values = std::vector<Value>;

// A jaxpr in a parameter, and where the names of those that it refers to are looked up.
struct Inner {
  const Jaxpr* jaxpr = nullptr;
  const Module* scope = nullptr;
  const ParamValue* parameter = nullptr;  // that it stands in, where a call asked for it
};

// How a jaxpr is run.
struct Passage {
  static constexpr std::int64_t kUnnumbered = -1;
  // A scalar body on whole arrays: scalars and arrays may stand side by side.
  bool lifted = false;
  // The number of its first operation, where these have numbers (ir/jaxpr/changed_runs.h).
  std::int64_t first = kUnnumbered;
};

// An equation as its rule sees it.
class Call : public ir::OperationCall<Call, ParamValue> {
 public:
  static constexpr std::string_view kAttribute = "parameter", kNoFlag = "neither True nor False";

  Call(Evaluator& evaluator, const Step& step, const Module& scope, Values operands,
       const Passage& passage)
      : evaluator_(evaluator),
        step_(step),
        scope_(scope),
        operands_(std::move(operands)),
        passage_(passage) {}

  const Equation& equation() const;
  std::string_view name() const { return equation().primitive; }
  std::size_t size() const { return operands_.size(); }
  const Value& value(std::size_t i) const;
  const Array& array(std::size_t i) const { return value(i).as_array(); }
  std::string type_text(std::size_t i) const { return array(i).type_text(); }
  Values values(std::size_t first, std::size_t last) const;
  const Values& operands() const { return operands_; }
  // Type rules only: operands have types and no elements.
  bool abstract() const;
  const tensor::EvaluationContext& context() const;
  ir::Maker make() const { return {context(), abstract()}; }
  bool lifted() const { return passage_.lifted; }

  std::size_t result_count() const;
  const Type& result_type(std::size_t i = 0) const;
  DType result_dtype(std::size_t i = 0) const;  // of an array

  const ParamValue* attribute(std::string_view key) const;  // a parameter; null for None, too
  std::vector<Ints> rows(std::string_view key) const;       // ((0, 0), (1, 1))
  std::optional<DType> dtype(std::string_view key) const;
  // Of a call as GatherDimensionNumbers(offset_dims=(0,)); empty where there is none.
  static Ints keyword_ints(const ParamValue& call, std::string_view keyword);

  Inner inner(std::string_view key) const;
  Inner inner(const ParamValue& value) const;
  Values run(Inner jaxpr, Values arguments) const;
  Body body(Inner jaxpr) const;

  // Of a program for several devices. Runs a jaxpr on each of the mesh, with these arguments; on
  // abstract values once.
  std::vector<Values> run_on_devices(const ir::Mesh& mesh, Inner jaxpr,
                                     const std::function<Values(std::int64_t)>& arguments) const;
  const ir::Mesh& mesh() const;  // that this runs on; an error where there is none
  ir::Place place() const;

  // A variable that a reference's transforms name, as in r[i,:].
  const Value& variable(std::string_view name) const;

 private:
  Evaluator& evaluator_;
  const Step& step_;
  const Module& scope_;
  Values operands_;
  Passage passage_;
};

struct OpRule {
  std::string_view name;
  std::function<Values(const Call&)> rule;
  // Each element of the results comes from the same element of the operands alone.
  bool pointwise = false;
  // Elements are moved and not looked at: keys are moved word by word.
  bool moves = false;
  // Operands are handed on to a jaxpr: such as are lost may not be needed there.
  bool hands_on = false;
  // Without parameters it is this operation on its two operands.
  std::optional<Binary> kernel = std::nullopt;
  // What bodies are told by (ir::BodyOutline): it gives its operand as another type of elements;
  // what its jaxpr gives of its operands, and is no operation itself.
  bool converts = false, calls = false;
  // The parameter with the jaxprs that it runs on its operands, of which operations count as those
  // around it do.
  std::string_view runs = {};
};
using OpRules = std::vector<OpRule>;

const OpRule* op_rule(std::string_view name);

// What the table is made of.
void add_elementwise_rules(OpRules& rules);     // ops_elementwise.cc
void add_movement_rules(OpRules& rules);        // ops_movement.cc
void add_indexing_rules(OpRules& rules);        // ops_indexing.cc
void add_reduction_rules(OpRules& rules);       // ops_reduction.cc
void add_contraction_rules(OpRules& rules);     // ops_contraction.cc
void add_linear_algebra_rules(OpRules& rules);  // ops_linear_algebra.cc
void add_random_rules(OpRules& rules);          // ops_random.cc
void add_control_rules(OpRules& rules);         // ops_control.cc
void add_reference_rules(OpRules& rules);       // ops_reference.cc
void add_device_rules(OpRules& rules);          // ops_devices.cc

inline Values values_of(std::vector<Array> arrays) { return {arrays.begin(), arrays.end()}; }

}  // namespace jaxsmith::jaxpr
