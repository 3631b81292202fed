// What rendering gives and tracing takes: one Python source text with one entry point, the inputs
// to run it on, and what is known about it without JAX.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/words.h"
#include "levels/levels.h"
#include "plan/differentiation.h"
#include "tensor/tensor.h"

namespace jaxsmith::source {

// Where a function comes from. Family f, member 0 is the family's root, its forward function.
struct FunctionKey {
  std::uint64_t seed = 0;
  std::uint64_t family = 0;
  std::uint32_t member = 0;

  bool operator==(const FunctionKey&) const = default;
};

// "000000000000002a-00000123-2": seed in hexadecimal, family, member.
std::string function_id(const FunctionKey& key);
// "000000000000002a-00000123".
std::string family_id(const FunctionKey& key);

// Of the configuration of JAX that a function needs; all else is the worker's default.
struct Runtime {
  bool x64 = false;          // jax_enable_x64
  std::int32_t devices = 1;  // CPU devices that the function uses

  bool operator==(const Runtime&) const = default;
};

struct ArgumentSpec {
  std::string name;
  tensor::DType dtype = tensor::DType::kF32;
  tensor::Shape shape;
  // The dtype as JAX prints it where it is none of ours: "key<fry>". `dtype` is then that of its
  // words, and an array of it has a dimension more, of the words of each.
  std::string written = {};
};

// "f32", "key<fry>".
std::string dtype_text(const ArgumentSpec& spec);

// How jaxsmith came by a function.
enum class Origin { kGenerated, kExtracted, kCaptured };
constexpr std::array<std::string_view, 3> words_of(Origin) {
  return {"generated", "extracted", "captured"};
}

struct Provenance {
  Origin origin = Origin::kGenerated;
  std::string id;              // of what is not generated, made from its content
  std::string callable;        // "package.module:function", as far as it is known
  std::string call_site;       // "file.py:12": what called it when it was captured
  std::string statics = "{}";  // JSON: static arguments by name, as Python writes them
  std::string options;         // JSON: what its texts depend on
};

// That a result is the derivative of another by an argument, all by position.
struct DerivativeSpec {
  std::size_t value = 0, result = 0, argument = 0;
  plan::Differentiation kind = plan::Differentiation::kReverse;
  std::optional<std::size_t> seed;  // the argument that is the tangent or cotangent
};

// Number of input sets a function carries at least: the recorded case, and two further draws that
// show whether every argument matters.
inline constexpr int kInputSets = 3;
// Number of them that a generated function carries, each of which may be recorded.
inline constexpr int kDrawnCases = 6;

struct Function {
  FunctionKey key;
  std::string category;        // of the family's program, "arithmetic" … "loop"
  std::string transformation;  // "forward", "grad", "vmap", …
  std::string variant;         // "base", or what differs from the family's root: "dtype", "shape"
  std::vector<std::string> tags;  // sorted, without repeats
  std::string source;             // a complete Python module
  std::string entry;              // name of the function to trace
  Runtime runtime;
  std::vector<ArgumentSpec> arguments;  // each one array: leaves of what the entry takes
  // What it takes, in Python, with the positions of `arguments` in place of arrays:
  // "({"b": 0, "w": 1}, 2)". Empty: each argument by itself.
  std::string argument_tree;
  std::vector<ArgumentSpec>
      results;  // as planned, in the order of the result's leaves; JAX must agree
  // [set][argument].
  std::vector<std::vector<tensor::Tensor>> inputs =
      std::vector<std::vector<tensor::Tensor>>(kInputSets);
  std::vector<std::size_t> cases;           // sets that may be recorded beside set 0
  std::vector<DerivativeSpec> derivatives;  // as far as they are known
  bool stops_gradients = false;             // somewhere: they are not the derivatives of the values
  Provenance provenance;
  // Of a function that came with its texts: they are run in its source's place (Route::kText).
  level::Texts texts;
  std::vector<std::size_t> kept;  // the arguments that the texts still have
  bool runs = true;               // else the texts are parsed only
};

// The row's name, in this run and any other.
std::string row_id(const Function& function);
// The functions that come from one program share it; whatever is not generated stands alone.
std::string row_family(const Function& function);

}  // namespace jaxsmith::source
