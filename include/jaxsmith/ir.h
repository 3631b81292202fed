// Reads, verifies, prints and runs IR texts: jaxprs, StableHLO and HLO, without JAX.
//
//   #include <jaxsmith/ir.h>
//
//   #include <cstdio>
//
//   int main() {
//     const char* text = R"(
//       module @double {
//         func.func public @main(%arg0: tensor<3xf32>) -> tensor<3xf32> {
//           %0 = stablehlo.add %arg0, %arg0 : tensor<3xf32>
//           return %0 : tensor<3xf32>
//         }
//       })";
//     auto module = jaxsmith::IrModule::parse(text, {.file = "double.mlir"});
//     if (!module.ok()) return std::puts(module.error().message.c_str()), 1;
//     const auto x = jaxsmith::HostArray::of<float>("f32", {3}, {1, 2, 3});
//     const auto results = module.value().run({x}, {.steps = 1000});
//     if (!results.ok()) return std::puts(results.error().message.c_str()), 1;
//     for (const float y : results.value()[0].values<float>()) std::printf("%g\n", y);
//     std::printf("%s\n", module.value().level().c_str());
//   }
//
// prints
//
//   2
//   4
//   6
//   stablehlo
#pragma once

#include <cassert>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "jaxsmith/status.h"

namespace jaxsmith {

// An array as NumPy's tobytes() gives it: little-endian, row-major, one byte for a bool. The
// element type by its name in a jaxpr: "f32", "bf16", "i64", "bool".
struct HostArray {
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::string bytes;

  // T is a type of as many bytes as the element type has.
  template <class T>
  static HostArray of(std::string dtype, std::vector<std::int64_t> shape,
                      const std::vector<T>& values) {
    HostArray out{std::move(dtype), std::move(shape), std::string(values.size() * sizeof(T), '\0')};
    if (!values.empty()) std::memcpy(out.bytes.data(), values.data(), out.bytes.size());
    return out;
  }
  template <class T>
  std::vector<T> values() const {
    assert(bytes.size() % sizeof(T) == 0);
    std::vector<T> out(bytes.size() / sizeof(T));
    if (!out.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
    return out;
  }
  bool operator==(const HostArray&) const = default;
};

// What running a text may take.
struct IrLimits {
  std::int64_t steps = 4'000'000'000;  // elementary operations, about a nanosecond each
  std::int64_t bytes = 4LL << 30;      // of arrays, at one time
};

struct IrReadOptions {
  std::string level =
      {};                 // "jaxpr", "stablehlo", "hlo", "hlo_optimized"; empty: by the first words
  std::string file = {};  // what errors name
};

// Types as a jaxpr has them: "f32[2,3]". Of a jaxpr the constants come first.
struct IrSignature {
  std::vector<std::string> arguments, results;
};

// Why the last verify, signature or run of a module failed.
enum class IrFailure {
  kInvalid,      // it breaks a rule of its language
  kUnsupported,  // it has an operation that jaxsmith does not know
  kLimit,        // it took more than it may
};

// For one thread at a time.
class IrModule {
 public:
  // Whatever the bytes are: a module, or an error with line, column and a caret.
  static Result<IrModule> parse(std::string text, const IrReadOptions& options = {});
  IrModule(IrModule&&) noexcept;
  IrModule& operator=(IrModule&&) noexcept;
  ~IrModule();

  std::string level() const;
  // As JAX prints it.
  std::string print() const;
  // One text for all that say the same in other words, and its hash in hexadecimal digits.
  Result<std::string> canonical() const;
  Result<std::string> structural_hash() const;
  // Whether it keeps to its language's rules: types, shapes, scopes, attributes.
  Status verify();
  Result<IrSignature> signature();
  // The parts of results that are tuples one after another.
  Result<std::vector<HostArray>> run(const std::vector<HostArray>& inputs,
                                     const IrLimits& limits = {});
  IrFailure failure() const;

 private:
  struct Parts;
  explicit IrModule(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace jaxsmith
