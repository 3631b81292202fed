#include "store/table_builder.h"

namespace jaxsmith::store {

ArrayBuilders builders_for(std::span<const Column> columns) {
  ArrayBuilders builders;
  for (const Column& c : columns) {
    std::unique_ptr<ArrayBuilder> b;
    if (!arrow::MakeBuilder(arrow::default_memory_pool(), c.type, &b).ok()) continue;
    builders.push_back(std::move(b));
  }
  return builders;
}

Result<std::shared_ptr<arrow::Table>> table_of(std::span<const Column> columns,
                                               ArrayBuilders& builders,
                                               const arrow::Status& status) {
  if (!status.ok()) return Error::internal("cannot build a table: " + status.ToString());
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (auto& b : builders) {
    std::shared_ptr<arrow::Array> array;
    const arrow::Status finished = b->Finish(&array);
    if (!finished.ok()) return Error::internal("cannot build a table: " + finished.ToString());
    arrays.push_back(std::move(array));
  }
  return arrow::Table::Make(schema_of(columns), arrays);
}

std::shared_ptr<arrow::DataType> shape_type() {
  return arrow::list(arrow::field("element", arrow::int64()));
}

std::shared_ptr<arrow::DataType> struct_list(std::vector<std::shared_ptr<arrow::Field>> fields) {
  return arrow::list(arrow::field("element", arrow::struct_(fields)));
}

std::shared_ptr<arrow::DataType> tensors_type() {
  return struct_list({arrow::field("dtype", arrow::utf8()), arrow::field("shape", shape_type()),
                      arrow::field("data", arrow::binary())});
}

void append_tensors(Appender& a, ArrayBuilder* b, const std::vector<tensor::Tensor>& tensors) {
  a.list(b, tensors, [&](ArrayBuilder* v, const tensor::Tensor& t) {
    a.structure(v, [&](arrow::StructBuilder& fields) {
      a.text(fields.field_builder(0), tensor::jaxpr_name(t.dtype));
      a.shape(fields.field_builder(1), t.shape);
      a.bytes(fields.field_builder(2), t.bytes);
    });
  });
}

}  // namespace jaxsmith::store
