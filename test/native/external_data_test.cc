// What is said of tensors whose values lie in other files, wherever a model may hide them.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "core/infer/model_file.h"

namespace jetfleet {
namespace {

std::string Varint(std::uint64_t value) {
  std::string text;
  for (; value > 127; value >>= 7U) text += static_cast<char>(0x80U | (value & 0x7fU));
  return text + static_cast<char>(value);
}

std::string Bytes(unsigned field, const std::string& content) {
  return Varint(field << 3U | 2U) + Varint(content.size()) + content;
}

std::string Number(unsigned field, std::uint64_t value) {
  return Varint(field << 3U) + Varint(value);
}

std::string Said(const std::string& model) {
  return ExternalDataOf(reinterpret_cast<const std::uint8_t*>(model.data()), model.size());
}

const std::string& External() {
  static const auto& text =
      *new std::string(Bytes(8, "w") + Bytes(13, Bytes(1, "location") + Bytes(2, "/etc/passwd")));
  return text;
}

std::string InGraph(const std::string& fields) { return Bytes(7, fields); }

TEST(ExternalData, IsFoundWhereverATensorMayBe) {
  const std::string tensor = External();
  const std::string in_node = Bytes(1, Bytes(5, Bytes(5, tensor)));
  const std::vector<std::string> models = {
      InGraph(Bytes(5, tensor)),                       // an initializer
      InGraph(Bytes(15, Bytes(1, tensor))),            // values of a sparse one
      InGraph(Bytes(15, Bytes(2, tensor))),            // and its indices
      InGraph(in_node),                                // a Constant
      InGraph(Bytes(1, Bytes(5, Bytes(10, tensor)))),  // a list of tensors
      InGraph(Bytes(1, Bytes(5, Bytes(22, Bytes(1, tensor))))),
      InGraph(Bytes(1, Bytes(5, Bytes(23, Bytes(2, tensor))))),
      InGraph(Bytes(1, Bytes(5, Bytes(6, in_node)))),  // in the branch of an If
      InGraph(Bytes(1, Bytes(5, Bytes(11, Bytes(5, tensor))))),
      Bytes(25, Bytes(7, Bytes(5, Bytes(5, tensor)))),   // in a function
      Bytes(25, Bytes(11, Bytes(5, tensor))),            // in a default of its attributes
      Bytes(20, Bytes(1, Bytes(5, tensor))),             // in what trains it
      InGraph("") + InGraph(Bytes(5, tensor)),           // in the second half of a graph
      InGraph(Bytes(5, Bytes(8, "w") + Number(14, 1))),  // said, with no place given
  };
  for (std::size_t i = 0; i < models.size(); ++i) {
    EXPECT_NE(Said(models[i]).find("its tensor w lie in another file"), std::string::npos) << i;
  }
}

TEST(ExternalData, IsNotSeenWhereThereIsNone) {
  EXPECT_EQ(Said(""), "");
  EXPECT_EQ(Said(InGraph(Bytes(5, Bytes(8, "w") + Number(14, 0) + Bytes(9, "values")))), "");
  // The same field numbers in messages that mean other things by them.
  EXPECT_EQ(Said(Bytes(2, External()) + InGraph(Bytes(11, External()))), "");
}

TEST(ExternalData, WhatCannotBeLookedThroughIsRefusedOrNoModel) {
  std::string deep = Bytes(5, External());
  for (int i = 0; i < 60; ++i) deep = Bytes(1, Bytes(5, Bytes(6, deep)));
  EXPECT_NE(Said(InGraph(deep)).find("too deep"), std::string::npos);
  EXPECT_NE(Said(std::string("\x3b", 1)).find("groups"), std::string::npos);
  EXPECT_EQ(Said(std::string(20, '\xff')), "");
}

TEST(ExternalData, AnyBytesAreReadWithinTheirEnd) {
  std::mt19937 random(7);
  const std::string whole =
      InGraph(Bytes(1, Bytes(5, Bytes(5, External()))) + Bytes(5, External()));
  for (int i = 0; i < 5000; ++i) {
    std::string bytes = whole.substr(0, random() % (whole.size() + 1));
    for (int flips = 0; flips < 3 && !bytes.empty(); ++flips) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    // In memory of its own size, so that a sanitizer sees a step beyond.
    const std::vector<std::uint8_t> exact(bytes.begin(), bytes.end());
    (void)ExternalDataOf(exact.data(), exact.size());
  }
}

}  // namespace
}  // namespace jetfleet
