#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "fake_backend.h"

// Several pictures in one run of a model, where it answers them as each alone.

namespace jetfleet {
namespace {

/// Answers of each picture by what is in it, in a batch of several by what is in the first one.
std::shared_ptr<ModelProgram> Folding(const std::shared_ptr<FakeDevice>& device, bool folds) {
  const auto grey = std::make_shared<std::vector<float>>();
  const auto item = std::make_shared<std::size_t>(0);
  device->look = [=](const JfTensor& input) {
    const std::size_t each = input.bytes / sizeof(float) / static_cast<std::size_t>(input.dims[0]);
    grey->clear();
    *item = 0;
    for (std::int64_t i = 0; i < input.dims[0]; ++i) {
      const auto* const from = static_cast<const float*>(input.data) + i * each;
      grey->push_back(std::accumulate(from, from + each, 0.0F) / static_cast<float>(each));
    }
  };
  device->answer = [=](float* cells) {
    std::fill_n(cells, 84 * 6, 0.0F);
    cells[0] = grey->at(folds ? 0 : (*item)++ % grey->size()) / 100;
    cells[4] = cells[5] = 0.9F;
  };
  device->batch = -1;
  return FakeModelOn(device);
}

TEST(Batches, AreRunWhereTheyAreAnsweredAsEachPictureAlone) {
  const auto model = Folding(std::make_shared<FakeDevice>(), false);
  model->TryBatches(4);
  EXPECT_EQ(model->Unbatched(4), "");
  EXPECT_EQ(model->BatchFor(4), 4);
}

TEST(Batches, AreNotRunWhereTheModelFoldsThem) {
  const auto model = Folding(std::make_shared<FakeDevice>(), true);
  EXPECT_EQ(model->BatchFor(4), 4);
  model->TryBatches(4);
  EXPECT_NE(model->Unbatched(4).find("not answered as each alone"), std::string::npos);
  EXPECT_EQ(model->BatchFor(4), 1);
}

TEST(Batches, OfAFixedNumberHoldOnePictureWhereTheModelFoldsThem) {
  const auto device = std::make_shared<FakeDevice>();
  Folding(device, true);
  device->batch = 4;
  const auto model = FakeModelOn(device);
  EXPECT_EQ(model->Together(4), 4);
  model->TryBatches(4);
  EXPECT_EQ(model->Together(4), 1);
  EXPECT_EQ(model->BatchFor(4), 4) << "it takes no other number";
}

TEST(Batches, OfOnePictureAreSaidToBeTheModelsOwn) {
  const auto device = std::make_shared<FakeDevice>();
  device->batch = 1;
  const auto alone = FakeModelOn(device);
  alone->TryBatches(1);
  EXPECT_EQ(alone->Unbatched(1), "") << "nobody wants more";
  const auto model = FakeModelOn(device);
  model->TryBatches(2);
  EXPECT_EQ(model->Together(2), 1);
  EXPECT_EQ(model->Unbatched(4), "the model takes one picture in a run");
}

TEST(Batches, HoldNoMoreThanWasTriedWhenMoreSourcesCome) {
  const auto model = Folding(std::make_shared<FakeDevice>(), false);
  model->TryBatches(2);
  EXPECT_EQ(model->Together(2), 2);
  EXPECT_EQ(model->Unbatched(2), "");
  EXPECT_EQ(model->Together(4), 2);
  EXPECT_EQ(model->BatchFor(4), 2);
  EXPECT_EQ(model->Unbatched(4),
            "sources came after the model was loaded, which was tried with 2 in a run");
}

TEST(Batches, ThatCannotBeRunAreNoFaultOfTheModel) {
  const auto device = std::make_shared<FakeDevice>();
  device->batch = -1;
  const auto model = FakeModelOn(device);
  device->fail_at = 0;
  model->TryBatches(4);
  EXPECT_NE(model->Unbatched(4).find("cannot be run"), std::string::npos);
  EXPECT_EQ(model->BatchFor(4), 1);
}

}  // namespace
}  // namespace jetfleet
