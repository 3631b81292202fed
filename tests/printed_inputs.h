// How programs that print functions for Python tests write what these are called with.
#pragma once

#include <fmt/format.h>

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

}  // namespace jaxsmith
