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

constexpr std::int64_t kDynamic = -1;

struct Type {
  enum class Kind { kTensor, kScalar, kToken, kTuple, kFunction, kOther };
  Kind kind = Kind::kOther;
  std::string element;         // "f32", "complex<f32>"; the whole text of any other type
  std::optional<DType> dtype;  // of the element, where it is one of jaxsmith's
  Shape shape;                 // kDynamic where it is not known
  std::string encoding;        // behind the element: "#stablehlo.bounds<3>"
  std::vector<const Type*> parts, results;  // of a tuple or function

  std::string text() const;
  bool is_array() const {
    return kind == Kind::kTensor && dtype && encoding.empty() && is_static();
  }
  bool is_static() const;
  Array abstract() const { return Array(*dtype, shape, true); }
};

// "i1", "ui32", "complex<f32>", "f8E4M3FN"; none for others.
std::optional<DType> dtype_from_mlir(std::string_view element);
std::string_view mlir_name(DType dtype);

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

struct Block {
  std::vector<ValueId> arguments;
  std::vector<Op> ops;
};

struct Op {
  std::string name;  // "stablehlo.add"
  std::vector<ValueId> operands;
  std::vector<const Type*> operand_types;
  std::vector<ValueId> results;
  std::vector<NamedAttr> attrs;  // by name
  std::vector<Block> regions;    // of one block each
  std::uint32_t offset = 0;      // in the text

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
  std::string name;
  std::vector<NamedAttr> attrs;
  // In the order of the text; an op that is none of func.func, sdy.mesh for example, is in `ops`.
  std::vector<std::pair<bool, std::size_t>> order;  // whether it is a function, and which
  std::vector<Function> functions;
  std::vector<Op> ops;
  std::vector<Value> values;
  std::deque<Type> types;

  const Type* type_of(ValueId id) const { return values[id].type; }
  const Function* function(std::string_view name) const;
  // main, or else the only one that is not private, or the first.
  const Function* entry() const;
};

}  // namespace jaxsmith::stablehlo
