// Reads lines "<dtype> <number> …" and prints, for each number, the bits of the element that it
// becomes and the number that these stand for: for Python tests.
#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <sstream>
#include <string>

#include "tensor/convert.h"

int main() {
  using namespace jaxsmith;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream in(line);
    std::string name, number, out;
    in >> name;
    const auto dtype = tensor::dtype_from_numpy_name(name);
    if (!dtype) return 1;
    while (in >> number) {
      const double value = std::stod(number);
      const tensor::Tensor tensor = tensor::tensor_from_doubles(*dtype, {}, {&value, 1});
      std::uint64_t bits = 0;
      for (std::size_t i = 0; i < tensor.bytes.size(); ++i)
        bits |= std::uint64_t{static_cast<unsigned char>(tensor.bytes[i])} << (8 * i);
      out += fmt::format("{} {} ", bits, tensor::element(tensor, 0).real());
    }
    std::cout << out << "\n";
  }
}
