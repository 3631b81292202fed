// What programs share that print functions, JSON, a line each, for Python tests.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "source/render.h"
#include "tensor/tensor.h"

namespace jaxsmith {

// The sets of inputs, each a list of {"aval": "f32[3]", "bytes": hexadecimal}.
inline nlohmann::json inputs_as_json(const source::Function& f) {
  nlohmann::json out = nlohmann::json::array();
  for (const auto& inputs : f.inputs) {
    nlohmann::json set = nlohmann::json::array();
    for (const tensor::Tensor& t : inputs) {
      std::string hex;
      for (const char c : t.bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
      set.push_back({{"aval", tensor::aval_text(t.dtype, t.shape)}, {"bytes", hex}});
    }
    out.push_back(std::move(set));
  }
  return out;
}

// Up to `count` lines that print(n) writes, which says whether it did, in at most `tries` of them;
// where it never does, one with the name alone.
template <class Print>
void print_some(const char* kind, const std::string& name, std::uint64_t count, std::uint64_t tries,
                const Print& print) {
  std::uint64_t printed = 0;
  for (std::uint64_t n = 0; n < tries && printed < count; ++n) printed += print(n);
  if (printed == 0) std::cout << nlohmann::json{{kind, name}}.dump() << "\n";
}

}  // namespace jaxsmith
