// A StableHLO module in memory: what JAX's `lowered.as_text()` says, with the pieces of the
// builtin, func, chlo, sdy and check dialects that it may hold.
//
//   JAXSMITH_TRY(modules, stablehlo::parse(text));          // parser.h
//   std::string same = stablehlo::print(modules[0]);         // printer.h
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/array.h"

namespace jaxsmith::stablehlo {

using tensor::Array;
using tensor::DType;
using tensor::EvaluationContext;
using tensor::Ints;
using tensor::invalid;
using tensor::require;
using tensor::Shape;

constexpr std::int64_t kDynamic = -1;

// How integers stand for real numbers: (stored - zero point) * scale.
struct Quantization {
  DType storage = DType::kI8, expressed = DType::kF32;
  std::int64_t lowest = 0, highest = 0;   // that may be stored
  std::optional<std::int64_t> dimension;  // scales and zero points are by its index
  std::vector<double> scales;             // else one
  std::vector<std::int64_t> zero_points;  // as many
};

struct Type {
  enum class Kind { kTensor, kScalar, kToken, kTuple, kFunction, kOther };
  Kind kind = Kind::kOther;
  std::string element;         // "f32", "complex<f32>"; the whole text of any other type
  std::optional<DType> dtype;  // of the element, where it is one of jaxsmith's
  Shape shape;                 // kDynamic where it is not known
  std::string encoding;        // behind the element: "#stablehlo.bounds<3>"
  std::vector<const Type*> parts, results;  // of a tuple or function
  // Of quantized elements, whose dtype is that of what is stored; `expressed` is the type of the
  // real numbers.
  std::shared_ptr<const Quantization> quantized = nullptr;
  std::shared_ptr<const Type> expressed = nullptr;

  std::string text() const;
  bool is_array() const {
    return kind == Kind::kTensor && dtype && encoding.empty() && is_static();
  }
  bool is_static() const;
  Array abstract() const { return Array::typed(*dtype, shape); }
};

// "i1", "ui32", "complex<f32>", "f8E4M3FN"; none for others.
std::optional<DType> dtype_from_mlir(std::string_view element);
std::string_view mlir_name(DType dtype);

// A type of integers of MLIR: i32, si8, ui4; index is one of 64 bits with a sign.
struct IntegerType {
  enum class Sign { kLeftOpen, kSigned, kUnsigned };
  Sign sign = Sign::kLeftOpen;
  std::int64_t bits = 0;
};
std::optional<IntegerType> integer_type(std::string_view name);

struct Attr {
  enum class Kind {
    kUnit,
    kBool,        // text: true or false
    kNumber,      // text, and its type
    kString,      // text: unescaped
    kSymbol,      // text: with its @
    kType,        // type
    kArray,       // items
    kDict,        // keys, items
    kDense,       // dense, splat, type
    kDenseArray,  // text: the element type, items
    kDialect,     // text: name; body: what stands between < and >
    kRaw,         // text: one of a kind that is only kept
  };
  Kind kind = Kind::kUnit;
  std::string text, body;
  const Type* type = nullptr;
  std::vector<Attr> items;
  std::vector<std::string> keys;
  std::shared_ptr<const Array> dense;
  bool splat = false;  // then `dense` is a scalar

  const Attr* find(std::string_view key) const;
  // Each gives nothing where it is of another form.
  std::optional<std::int64_t> as_int() const;  // 0 and 1 of bools
  std::optional<Ints> as_ints() const;         // a list, or integers of dense<…>
  std::optional<bool> as_bool() const;         // true of unit, and of integers but 0
  std::optional<double> as_real() const;
  std::string_view as_word() const;  // GT of #stablehlo<comparison_direction GT>
};

struct NamedAttr {
  std::string name;
  Attr value;
  bool property = false;  // of the operation itself, not added to it
};

using ValueId = std::uint32_t;

struct Value {
  const Type* type = nullptr;
  std::string name;  // without %
  int index = -1;    // %name#index
};

struct Op;
struct OpRule;  // op_table.h

struct Block {
  std::vector<ValueId> arguments;
  std::vector<Op> ops;
};

struct Op {
  std::string name;              // "stablehlo.add"
  const OpRule* rule = nullptr;  // the name's row in the table; null where there is none
  std::vector<ValueId> operands;
  std::vector<const Type*> operand_types;
  std::vector<ValueId> results;
  std::vector<NamedAttr> attrs;  // by name
  std::vector<Block> regions;    // of one block each
  std::uint32_t offset = 0;      // in the text
  std::int64_t reading = 0;      // steps that its attributes take where they are long

  const Attr* attr(std::string_view key) const;
};

struct Argument {
  ValueId value = 0;
  std::vector<NamedAttr> attrs;
};

struct Function {
  std::string name, visibility;  // visibility: "public", "private" or nothing
  std::vector<Argument> arguments;
  std::vector<std::pair<const Type*, std::vector<NamedAttr>>> results;
  std::vector<NamedAttr> attrs;
  Block body;
  bool declared_only = false;
  std::uint32_t offset = 0;
};

struct Module {
  Module() = default;
  Module(const Module&) = delete;  // its parts point into it
  Module(Module&&) noexcept = default;
  Module& operator=(Module&&) noexcept = default;
  // A copy that points to this one's types, and holds as long as this one does.
  Module sharing_types() const;

  std::string name;
  std::vector<NamedAttr> attrs;
  // In the order of the text; an op that is none of func.func, sdy.mesh for example, is in `ops`.
  std::vector<std::pair<bool, std::size_t>> order;  // whether it is a function, and which
  std::vector<Function> functions;
  std::vector<Op> ops;
  std::vector<Value> values;
  std::deque<Type> types;
  // It has operations of the dialects `check` or `interpreter`: where the specification leaves a
  // choice, the one of StableHLO's interpreter is meant.
  bool for_interpreter = false;

  const Type* type_of(ValueId id) const { return values[id].type; }
  const Function* function(std::string_view name) const;
  // main, or else the only one that is not private, or the first.
  const Function* entry() const;
  // What a module that checks itself is run by: main, its only function, or else all that are not
  // private and take nothing.
  std::vector<const Function*> self_checking() const;
};

}  // namespace jaxsmith::stablehlo
