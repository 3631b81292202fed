// The operations: for each its name, how it is written, and a rule that gives its results from its
// operands. On abstract arrays the same rule is the operation's type rule (tensor/array.h).
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "ir/common/attributes.h"
#include "ir/common/collectives.h"
#include "ir/common/datum.h"
#include "ir/common/maker.h"
#include "ir/common/sharding.h"
#include "ir/stablehlo/formats.h"
#include "ir/stablehlo/module.h"
#include "tensor/reduction.h"

namespace jaxsmith::stablehlo {

using ir::Datum;

class Evaluator;

// An operation as its rule sees it.
class Call : public ir::OperationCall<Call, Attr> {
 public:
  static constexpr std::string_view kAttribute = "attribute", kNoFlag = "neither true nor false";

  // `expressed`: the operands as the real numbers they mean, where they are quantized.
  Call(Evaluator& evaluator, const Op& op, bool lifted,
       std::optional<std::vector<Datum>> expressed = std::nullopt)
      : evaluator_(evaluator), op_(op), lifted_(lifted), expressed_(std::move(expressed)) {}

  const Op& op() const { return op_; }
  std::string_view name() const { return op_.name; }
  std::size_t size() const { return op_.operands.size(); }
  const Datum& datum(std::size_t i) const;
  const Array& array(std::size_t i) const { return datum(i).as_array(); }
  std::string type_text(std::size_t i) const { return array(i).type_text(); }
  // Type rules only: operands have types and no elements.
  bool abstract() const;
  const EvaluationContext& context() const;
  ir::Maker make() const { return {context(), abstract()}; }
  // A scalar body that is run on whole arrays: scalars and arrays may stand side by side.
  bool lifted() const { return lifted_; }

  // Operands that are quantized stand as the real numbers they mean, and so does the result.
  bool expressed() const { return expressed_.has_value(); }
  // In a module for StableHLO's interpreter.
  bool for_interpreter() const;

  const Type& result_type(std::size_t i = 0) const;
  // The element type and the sizes that the result, an array, is declared with.
  DType result_dtype() const;
  const Shape& result_dims() const;
  std::size_t result_count() const { return op_.results.size(); }

  const Attr* attribute(std::string_view name) const { return op_.attr(name); }
  // A list within an attribute like #stablehlo.gather<offset_dims = [0], index_vector_dim = 1>.
  static Ints list_in(const Attr& attr, std::string_view key);
  static std::int64_t integer_in(const Attr& attr, std::string_view key, std::int64_t otherwise);

  tensor::Body body(std::size_t region) const;
  std::vector<Datum> run_region(std::size_t region, std::vector<Datum> arguments) const;
  std::vector<Datum> call(std::string_view function, std::vector<Datum> arguments) const;
  // Of a module that checks itself: what a check failed by, nothing where it holds, and what it
  // wants.
  void check_failed(std::string message) const;
  void expects(const Array& expected) const;
  // What interpreter.probe saw under a name, one after another.
  std::vector<Array>& probes(const std::string& name) const;

  // Of a program that runs on several devices: which one this is.
  ir::Place place() const;
  const ir::Mesh& mesh(const std::string& name) const;
  // Functions by replica and partition, the operands their arguments one after another; and
  // functions that give what is fed in.
  std::vector<Datum> run_on_devices(const std::vector<std::vector<std::string>>& functions,
                                    std::deque<std::string> infeed) const;
  std::optional<std::string> next_infeed() const;

 private:
  Evaluator& evaluator_;
  const Op& op_;
  bool lifted_;
  std::optional<std::vector<Datum>> expressed_;
};

// Which elements the operands of operations have, or their results, by the classes of types: what
// StablehloOps.td and ChloOps.td ask for, where the operations' rules would take others.
struct ElementRule {
  static constexpr int kEvery = -1, kResults = -2;
  std::string_view operations, classes;  // words
  int where = kEvery;                    // an operand's number, from 0
};

struct OpRule {
  std::string_view name;
  Format format;
  // Empty where it is not executed.
  std::function<std::vector<Datum>(const Call&)> rule;
  // Each element of the results comes from the same element of the operands alone.
  bool pointwise = false;
  // Quantized operands are moved as they are stored, or computed with as what they mean.
  enum class Numbers { kMoved, kComputed };
  Numbers numbers = Numbers::kMoved;
  // It is this operation on its two operands.
  std::optional<tensor::Binary> kernel = std::nullopt;
  // It gives its operand as another type of elements; it calls a function; it gives a block's
  // results.
  bool converts = false, calls = false, ends_block = false;
  std::vector<const ElementRule*> elements = {};

  // Null where it is written generically or by hand.
  const Format* form() const { return format.types == Types::kNone ? nullptr : &format; }
};

inline bool ends_block(const Op& op) { return op.rule && op.rule->ends_block; }

// Null where it is not known.
const OpRule* op_rule(std::string_view name);
// Quotients and remainders: StableHLO's interpreter has its own (Module::for_interpreter).
bool divides(tensor::Binary op);

}  // namespace jaxsmith::stablehlo
