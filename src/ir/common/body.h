// Bodies: small programs on scalars that reductions, windows, scatters and sorts apply again and
// again (tensor/reduction.h). What a level says of one, and what follows from that.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "ir/common/depth.h"
#include "tensor/reduction.h"

namespace jaxsmith::ir {

// A level's own: a region, a computation, a jaxpr.
using BodyId = const void*;

// A row of a level's op table with one of its flags set, such as those that an outline is made by.
template <class Rule>
Rule flagged(bool Rule::* flag, Rule row) {
  row.*flag = true;
  return row;
}

// A body as its level describes it. Values have the level's numbers.
struct BodyOutline {
  using Number = std::int64_t;
  static constexpr Number kLiteral = -1;

  struct Operation {
    // Each element of its results comes from the same element of its operands alone: by its rule,
    // or since it gives what the bodies that it calls give.
    bool pointwise = false;
    std::vector<BodyId> calls;
    std::optional<tensor::Binary> kernel;  // it is this operation on its two operands
    bool converts = false;                 // it gives its operand as another type of elements
    std::vector<Number> operands;
    Number result = kLiteral;  // of one that gives one array
    std::optional<tensor::DType> dtype;
  };

  bool scalars = true;  // all its values are scalars; else the operations need not be complete
  std::vector<Number> arguments, results;
  std::vector<Operation> operations;  // without those that only name, pack or return values
};

// What is known of a level's bodies, each looked at once. Nothing is known of one that calls
// itself, or others too deeply.
class BodyFacts {
 public:
  explicit BodyFacts(std::function<BodyOutline(BodyId)> outline) : outline_(std::move(outline)) {}
  // Valid as long as this is. Errors: those of `outline`.
  const tensor::Body::Facts& of(BodyId body);

 private:
  bool is_pointwise(const BodyOutline& body);

  std::function<BodyOutline(BodyId)> outline_;
  std::unordered_map<BodyId, tensor::Body::Facts> known_;
  Depth depth_;
};

// Runs a body on scalars, or on arrays where it is pointwise: run(lifted). While it runs,
// `abstract` is set where the arguments have types alone: a kernel that has nothing to do asks for
// types.
template <class Run>
auto run_body(const tensor::Body::Facts& facts, const std::vector<tensor::Array>& arguments,
              bool& abstract, Run run) {
  struct Restored {
    bool& flag;
    bool before = flag;
    ~Restored() { flag = before; }
  } restored{abstract};
  abstract = abstract || (!arguments.empty() && arguments[0].abstract());
  bool on_arrays = false;
  for (const tensor::Array& a : arguments) on_arrays = on_arrays || a.rank() > 0;
  return run(facts.pointwise && on_arrays && !abstract);
}

}  // namespace jaxsmith::ir
