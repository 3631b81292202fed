#include "ir/stablehlo/widen.h"

#include "tensor/elementwise.h"

namespace jaxsmith::stablehlo {
namespace {

// Regions are nested no deeper than the parser's limit.
class Widener {
 public:
  void attr(Attr& a) {
    if (a.dense)
      a.dense = std::make_shared<Array>(tensor::convert(*a.dense, widened(a.dense->dtype())));
    for (Attr& item : a.items) attr(item);
  }

  void block(Block& b) {
    for (Op& op : b.ops) {
      for (NamedAttr& a : op.attrs) attr(a.value);
      for (Block& region : op.regions) block(region);
    }
  }
};

}  // namespace

DType widened(DType dtype) {
  if (tensor::is_complex(dtype)) return DType::kC128;
  return tensor::is_real(dtype) ? DType::kF64 : dtype;
}

void widen(Module& module) {
  for (Type& type : module.types) {
    if (!type.dtype || widened(*type.dtype) == *type.dtype) continue;
    type.dtype = widened(*type.dtype);
    type.element = mlir_name(*type.dtype);
  }
  for (Function& f : module.functions) Widener().block(f.body);
}

}  // namespace jaxsmith::stablehlo
