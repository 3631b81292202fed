// The operations: for each its name, how many operands and which attributes it has, and a rule that
// gives its result from its operands. On abstract arrays the same rule is the operation's type rule
// (tensor/array.h).
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ir/common/attributes.h"
#include "ir/common/collectives.h"
#include "ir/common/maker.h"
#include "ir/common/sharding.h"
#include "ir/hlo/types.h"
#include "tensor/reduction.h"

namespace jaxsmith::hlo {

class Evaluator;

// An instruction as its rule sees it.
class Call : public ir::OperationCall<Call, AttributeValue> {
 public:
  static constexpr std::string_view kAttribute = "attribute", kNoFlag = "neither true nor false";

  // `values`: of all instructions of its computation so far.
  Call(Evaluator& evaluator, const Computation& computation, std::int32_t instruction,
       std::span<Datum> values, bool lifted);

  const Instruction& op() const { return op_; }
  std::string_view name() const { return op_.opcode; }
  std::size_t size() const { return op_.operands.size(); }
  const Datum& datum(std::size_t i) const;
  const Array& array(std::size_t i) const { return datum(i).as_array(); }
  std::string type_text(std::size_t i) const { return hlo::type_text(datum(i)); }
  // Type rules only: operands have types and no elements.
  bool abstract() const;
  const tensor::EvaluationContext& context() const;
  ir::Maker make() const { return {context(), abstract()}; }
  // Part of a scalar computation that is run on whole arrays: scalars and arrays may stand side by
  // side.
  bool lifted() const { return lifted_; }

  // As declared.
  const Shape& shape() const { return op_.shape; }
  const Shape& operand_shape(std::size_t i) const;
  DType result_dtype() const;
  const std::vector<std::int64_t>& result_dims() const;
  // The arrays of the declared result, those of a tuple one after another.
  std::vector<Array> result_types() const;

  const AttributeValue* attribute(std::string_view key) const { return op_.attribute(key); }
  tensor::Window window() const;

  // Of the computation that an attribute names.
  std::size_t computation(std::string_view key) const;
  tensor::Body body(std::string_view key) const;
  Datum run(std::size_t computation, std::vector<Datum> arguments) const;
  Datum constant() const;
  const Module& module() const;
  // Of a program that runs on several devices: which one this is.
  ir::Place place() const;

 private:
  Evaluator& evaluator_;
  const Computation& computation_;
  const Instruction& op_;
  std::span<Datum> values_;
  bool lifted_;
};

constexpr std::size_t kAnyCount = static_cast<std::size_t>(-1);

struct OpRule {
  std::string_view name;
  std::size_t least, most;      // operands
  std::string_view attributes;  // their keys, with blanks between them
  std::function<Datum(const Call&)> rule;
  // On scalars: each element of the result comes from the same element of the operands alone, where
  // they are arrays instead.
  bool pointwise = false;
  // It is this operation on its two operands.
  std::optional<tensor::Binary> kernel = std::nullopt;
  // What bodies are told by (ir::BodyOutline): it gives its operand as another type of elements;
  // what the computations give that it calls; its operands together, or a part of its operand.
  bool converts = false, calls = false, packs = false;

  bool has_attribute(std::string_view key) const;
};

const OpRule* op_rule(std::string_view opcode);
// Attributes that any instruction may have and that are not part of what it computes.
bool is_annotation(std::string_view key);
// Attributes that are allowed and say how something is done rather than what.
bool is_hint(std::string_view key);

// collectives.cc
const std::vector<OpRule>& collective_rules();
// A mesh of the module's header, by its name.
std::optional<ir::Mesh> mesh_of(const Module& module, std::string_view name);
// xla.sdy.GlobalToLocalShape and xla.sdy.LocalToGlobalShape.
Datum shape_change(const Call& call, bool to_local);

// custom_calls.cc: by their target.
Datum custom_call(const Call& call);

}  // namespace jaxsmith::hlo
