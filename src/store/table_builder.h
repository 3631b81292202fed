// Tables of rows that are put together value by value, in one builder a column.
//
//   auto builders = builders_for(columns);
//   Appender a;
//   for (const Row& row : rows) { a.text(builders[0].get(), row.id); … }
//   JAXSMITH_TRY(table, table_of(columns, builders, a.status()));
#pragma once

#include <arrow/api.h>

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "store/schema.h"
#include "tensor/tensor.h"

namespace jaxsmith::store {

using arrow::ArrayBuilder;
using ArrayBuilders = std::vector<std::unique_ptr<ArrayBuilder>>;

// Appends to builders of known type; the first failure is kept and returned at the end.
class Appender {
 public:
  void text(ArrayBuilder* b, std::string_view v) { keep(as<arrow::StringBuilder>(b).Append(v)); }
  void null(ArrayBuilder* b) { keep(b->AppendNull()); }
  void bytes(ArrayBuilder* b, std::string_view v) { keep(as<arrow::BinaryBuilder>(b).Append(v)); }
  void integer(ArrayBuilder* b, std::int64_t v) { keep(as<arrow::Int64Builder>(b).Append(v)); }
  void natural(ArrayBuilder* b, std::uint64_t v) { keep(as<arrow::UInt64Builder>(b).Append(v)); }
  void number(ArrayBuilder* b, double v) { keep(as<arrow::DoubleBuilder>(b).Append(v)); }
  void number_or_null(ArrayBuilder* b, const std::optional<double>& v) {
    v ? number(b, *v) : null(b);
  }
  void integer_or_null(ArrayBuilder* b, const std::optional<std::int64_t>& v) {
    v ? integer(b, *v) : null(b);
  }
  void boolean(ArrayBuilder* b, bool v) { keep(as<arrow::BooleanBuilder>(b).Append(v)); }
  template <class Items, class Each>
  void list(ArrayBuilder* b, const Items& items, Each each) {
    auto& lists = as<arrow::ListBuilder>(b);
    keep(lists.Append());
    for (const auto& item : items) each(lists.value_builder(), item);
  }
  template <class Fill>
  void structure(ArrayBuilder* b, Fill fill) {
    auto& s = as<arrow::StructBuilder>(b);
    keep(s.Append());
    fill(s);
  }
  void shape(ArrayBuilder* b, const tensor::Shape& shape) {
    list(b, shape, [&](ArrayBuilder* v, std::int64_t dim) { integer(v, dim); });
  }
  const arrow::Status& status() const { return status_; }

 private:
  template <class Builder>
  static Builder& as(ArrayBuilder* builder) {
    return static_cast<Builder&>(*builder);
  }
  void keep(const arrow::Status& s) {
    if (status_.ok() && !s.ok()) status_ = s;
  }
  arrow::Status status_;
};

ArrayBuilders builders_for(std::span<const Column> columns);
// `status`: of what was appended.
Result<std::shared_ptr<arrow::Table>> table_of(std::span<const Column> columns,
                                               ArrayBuilders& builders,
                                               const arrow::Status& status);

std::shared_ptr<arrow::DataType> shape_type();
std::shared_ptr<arrow::DataType> struct_list(std::vector<std::shared_ptr<arrow::Field>> fields);
// A list of dtype, shape, data.
std::shared_ptr<arrow::DataType> tensors_type();
void append_tensors(Appender& a, ArrayBuilder* b, const std::vector<tensor::Tensor>& tensors);

}  // namespace jaxsmith::store
