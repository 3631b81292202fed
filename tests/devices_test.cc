// What devices of one program hand to each other.
#include "ir/common/devices.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <vector>

namespace jaxsmith::ir {
namespace {

using tensor::EvaluationError;

std::optional<EvaluationError::Kind> why_it_ends(const std::function<void(Devices&)>& program) {
  Devices devices(1, 1);
  try {
    devices.run([&](std::int64_t) {
      program(devices);
      return std::vector<Datum>();
    });
  } catch (const EvaluationError& e) {
    return e.kind;
  }
  return std::nullopt;
}

// A tuple holds as many values as it has parts, in whatever depth.
TEST(Devices, WhatWaitsCountsByItsParts) {
  constexpr std::size_t kParts = 600'000;
  const auto send = [](Devices& devices) {
    std::vector<Datum> inner;
    inner.push_back(Datum::tuple(std::vector<Datum>(kParts)));
    std::vector<Datum> message;
    message.push_back(Datum::tuple(std::move(inner)));
    devices.send({0}, std::move(message));
  };
  EXPECT_EQ(why_it_ends([&](Devices& devices) {
              send(devices);
              send(devices);
            }),
            EvaluationError::Kind::kUnsupported);
  // What was received waits no longer.
  EXPECT_EQ(why_it_ends([&](Devices& devices) {
              for (int i = 0; i < 3; ++i) {
                send(devices);
                EXPECT_EQ(devices.receive(0, {0}).size(), 1U);
              }
            }),
            std::nullopt);
}

}  // namespace
}  // namespace jaxsmith::ir
