#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <sstream>

#include "backends/tensorrt/cuda/preparer.h"
#include "core/decode/output_decoder.h"
#include "core/prepare/host_preparer.h"
#include "steps.h"
#include "street.h"

namespace jetfleet::bench {
namespace {

using Bytes = std::vector<char>;

Bytes ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::invalid_argument("Cannot read " + path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<float> ReadFloats(const std::string& path) {
  const Bytes bytes = ReadFile(path);
  const auto* const begin = reinterpret_cast<const float*>(bytes.data());
  return {begin, begin + bytes.size() / sizeof(float)};
}

void WriteFloats(const std::string& path, const std::vector<float>& values) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(float)));
}

std::vector<float> PreparedByHost(const SurfaceView& view, const PreprocessSpec& spec, Size input) {
  TensorDesc desc;
  desc.shape = {1, 3, input.height, input.width};
  const TensorView tensor(desc, MakeHostBuffer(desc.bytes()));
  HostPreparer().Run(view, spec, tensor);
  const float* const begin = tensor.Host<float>();
  return {begin, begin + desc.bytes() / sizeof(float)};
}

SurfaceView StreetView(const StreetFrame& frame) {
  const std::uint8_t* const luma = frame.nv12.data();
  return {PixelFormat::kNv12,
          {ColorMatrix::kBt709, ColorRange::kLimited},
          Rotation::kNone,
          {kStreetWidth, kStreetHeight},
          {kStreetWidth, kStreetHeight},
          {luma, luma + kStreetWidth * kStreetHeight, nullptr},
          {kStreetWidth, kStreetWidth, 0}};
}

/// Reads outputs of one family of models, an item at a time.
class Reader {
 public:
  /// `suppress`: what users see; without, every cell that reached the score.
  Reader(const std::string& family, Size input, int fields, bool suppress) {
    DecoderOptions options;
    options.name = family;
    options.labels = static_cast<std::size_t>(fields - 5);
    if (!suppress) options.nms_iou = 1;
    const Shape picture = {1, 3, input.height, input.width};
    const std::int64_t area = static_cast<std::int64_t>(input.width) * input.height;
    const std::int64_t cells = area / 64 + area / 256 + area / 1024;
    output_.shape = family == "yolox" ? Shape{1, cells, fields}
                                      : Shape{1, fields, input.height / 16, input.width / 16};
    ModelInfo info;
    for (auto* const tensors : {&info.inputs, &info.outputs}) {
      TensorInfo& tensor = tensors->emplace_back();
      tensor.element = ElementType::kFloat32;
      tensor.shape = tensors == &info.inputs ? picture : output_.shape;
    }
    const Status made = BindDecoder(options, info, &decoder_);
    if (!made.ok()) throw std::invalid_argument(made.message);
    placement_ = Placement::Of(decoder_->preprocess(), input, input);
  }

  std::size_t values() const { return output_.bytes() / sizeof(float); }

  std::vector<Detection> Read(const float* item, float min_score) const {
    const TensorView tensor(output_, MakeHostBuffer(output_.bytes()));
    std::copy(item, item + values(), tensor.Host<float>());
    std::vector<Detection> found;
    decoder_->Decode({tensor}, 0, placement_, min_score, &found);
    return found;
  }

 private:
  TensorDesc output_;
  std::unique_ptr<OutputDecoder> decoder_;
  Placement placement_;
};

/// Greatest differences of a head's fields (four of boxes, objectness, all classes as one), in the
/// order in which the family has them: of what a difference is tells what it is worth.
std::string WorstByField(const std::vector<float>& got, const std::vector<float>& expected,
                         const std::string& family, std::size_t fields, std::size_t item) {
  double worst[6] = {};
  const std::size_t cells = item / fields;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const std::size_t field = family == "yolox" ? i % fields : i % item / cells;
    double& most = worst[std::min<std::size_t>(field, 5)];
    most = std::max(most, std::fabs(static_cast<double>(got[i]) - expected[i]));
  }
  std::ostringstream text;
  for (const double& value : worst) text << (&value == worst ? "[" : ",") << value;
  return text.str() + "]";
}

}  // namespace

/// Writes `count` inputs of a model of `width` × `height`, made of streets by the processor, each
/// into a file of its own in `folder`: calibration data, and what outputs are compared on.
/// `stretch`: for models that want the whole picture, from 0 to 1 (FastestDet).
Figures InputsStep(const Arguments& arguments) {
  const int count = arguments.Number("count", 1);
  const Size input{arguments.Number("width", 0), arguments.Number("height", 0)};
  const PreprocessSpec spec =
      arguments.Number("stretch", 0) != 0 ? PreprocessSpec::FastestDet() : PreprocessSpec::Yolox();
  const auto frames =
      DrawStreets(count, 4, static_cast<std::uint64_t>(arguments.Number("seed", 1000)));
  for (int i = 0; i < count; ++i) {
    std::string number = std::to_string(i);
    number.insert(0, 5 - number.size(), '0');
    WriteFloats(arguments.Get("folder") + "/" + number + ".raw",
                PreparedByHost(StreetView(frames[static_cast<std::size_t>(i)]), spec, input));
  }
  return Figures().Add("inputs", count);
}

/// Runs a model on `input`, a file of one item or more, by host memory, and writes the first
/// output.
Figures RunStep(const Backend& backend, const Arguments& arguments) {
  const Engine engine(backend, arguments.Get("engine"));
  std::vector<float> input = ReadFloats(arguments.Get("input"));
  const std::size_t per_run = BytesOf(engine.input()) / sizeof(float);
  std::vector<float> outputs;
  const JfContextFunctions& functions = *backend.table().context;
  JfContext* const context = engine.NewContext();
  JfError error = Sized<JfError>();
  std::int32_t code = JF_OK;
  for (std::size_t at = 0; at + per_run <= input.size() && code == JF_OK; at += per_run) {
    std::vector<std::vector<float>> memory;
    std::vector<JfTensor> tensors;
    for (const JfIo& io : engine.outputs()) {
      memory.emplace_back(BytesOf(io) / sizeof(float));
      tensors.push_back(TensorOf(io, JF_HOST, memory.back().data()));
    }
    std::vector<const JfTensor*> pointers;
    for (const JfTensor& tensor : tensors) pointers.push_back(&tensor);
    const JfTensor in = TensorOf(engine.input(), JF_HOST, input.data() + at);
    const JfTensor* const inputs[] = {&in};
    std::uint64_t ticket = 0;
    code =
        functions.submit(context, static_cast<const JfTensor* const*>(inputs), 1, pointers.data(),
                         static_cast<std::uint32_t>(pointers.size()), &ticket, &error);
    if (code == JF_OK) code = functions.wait(context, ticket, &error);
    outputs.insert(outputs.end(), memory[0].begin(), memory[0].end());
  }
  functions.destroy(context);
  Check(code, error);
  WriteFloats(arguments.Get("output"), outputs);
  return Figures().Add("values", static_cast<double>(outputs.size()));
}

/// Two files of outputs of the same items: greatest difference of values, and of boxes of a
/// `family` with a score of at least 0.3 the IoU and score of each with its like. Of several cells
/// that see one object those with all but the same score take turns in winning, so a box is held to
/// the most like of the other's cells, and what is shown is counted by itself.
Figures AgreeStep(const Arguments& arguments) {
  const std::vector<float> got = ReadFloats(arguments.Get("output"));
  const std::vector<float> expected = ReadFloats(arguments.Get("expected"));
  if (got.size() != expected.size()) throw std::invalid_argument("Outputs differ in size");
  double worst = 0;
  double sum = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double difference = std::fabs(static_cast<double>(got[i]) - expected[i]);
    worst = std::max(worst, std::isfinite(difference) ? difference : 1e30);
    sum += difference;
  }
  Figures figures;
  figures.Add("values", static_cast<double>(got.size()))
      .Add("worstDifference", worst)
      .Add("meanDifference", sum / static_cast<double>(got.size()));
  const std::string family = arguments.Get("family");
  const Size input{arguments.Number("width", 0), arguments.Number("height", 0)};
  const int fields = arguments.Number("fields", 0);
  const Reader every(family, input, fields, false);
  const Reader shown_ones(family, input, fields, true);
  const std::size_t item = every.values();
  figures.Raw("worstByField",
              WorstByField(got, expected, family, static_cast<std::size_t>(fields), item));
  int boxes = 0;
  int alone = 0;
  std::size_t shown = 0;
  float least_iou = 1;
  double sum_iou = 0;
  float most_score = 0;
  for (std::size_t at = 0; at + item <= got.size(); at += item) {
    constexpr float kShown = 0.3F;
    constexpr float kNearly = 0.2F;
    const auto ours = every.Read(got.data() + at, kNearly);
    const auto theirs = shown_ones.Read(expected.data() + at, kShown);
    shown += shown_ones.Read(got.data() + at, kShown).size();
    for (const Detection& reference : theirs) {
      float best = 0;
      float score = 1;
      for (const Detection& candidate : ours) {
        const float overlap = Iou(candidate.box, reference.box);
        if (candidate.label == reference.label && overlap > best) {
          best = overlap;
          score = std::fabs(candidate.score - reference.score);
        }
      }
      ++boxes;
      if (best < 0.5F) {
        ++alone;
        continue;
      }
      least_iou = std::min(least_iou, best);
      sum_iou += static_cast<double>(best);
      most_score = std::max(most_score, score);
    }
  }
  return figures.Add("boxes", boxes)
      .Add("boxesShown", static_cast<double>(shown))
      .Add("boxesWithoutLike", alone)
      .Add("leastIou", static_cast<double>(least_iou))
      .Add("meanIou", sum_iou / std::max(boxes - alone, 1))
      .Add("mostScoreDifference", static_cast<double>(most_score));
}

/// The kernel on the GPU against the processor's way, on noise: formats × sizes × both types.
Figures PrepareStep() {
  const cuda::Device device;
  device.MakeCurrent();
  cuda::Transfers transfers;
  cuda::Preparer preparer(device, cuda::TheKernelCache(), &transfers);
  const cuda::Stream stream = cuda::MakeStream();
  constexpr PixelFormat kFormats[] = {PixelFormat::kNv12, PixelFormat::kRgba, PixelFormat::kI420,
                                      PixelFormat::kI444, PixelFormat::kGray};
  constexpr Size kSizes[] = {{1280, 720}, {1920, 1080}, {640, 480}, {640, 288},
                             {320, 240},  {683, 384},   {512, 288}, {1024, 576}};
  const Size input{512, 288};
  const PreprocessSpec spec = PreprocessSpec::YoloCentred();
  std::mt19937 random(7);
  float worst = 0;
  float worst_half = 0;
  int cases = 0;
  for (const PixelFormat format : kFormats) {
    for (const Size size : kSizes) {
      for (const int rotation : {0, 1, 2, 3}) {
        std::vector<std::uint8_t> planes[3];
        SurfaceView view;
        view.format = format;
        view.rotation = static_cast<Rotation>(rotation);
        view.size = size;
        view.shown = rotation % 2 == 1 ? Size{size.height, size.width} : size;
        JfSurface surface = Sized<JfSurface>();
        surface.memory = JF_HOST;
        surface.format = static_cast<std::int32_t>(format);
        surface.rotation = rotation;
        surface.visible_width = size.width;
        surface.visible_height = size.height;
        for (int i = 0; i < PlaneCount(format); ++i) {
          const auto plane = static_cast<std::size_t>(i);
          const Size of = PlaneSize(format, i, size);
          const int bytes = format == PixelFormat::kRgba             ? 4
                            : format == PixelFormat::kNv12 && i == 1 ? 2
                                                                     : 1;
          planes[i].resize(static_cast<std::size_t>(of.width * bytes * of.height + 64));
          for (auto& byte : planes[i]) byte = static_cast<std::uint8_t>(random() >> 8);
          view.planes[plane] = planes[i].data();
          view.strides[plane] = of.width * bytes;
          surface.planes[i] = planes[i].data();
          surface.strides[i] = of.width * bytes;
        }
        const std::vector<float> expected = PreparedByHost(view, spec, input);
        const Placement placement = Placement::Of(spec, view.shown, input);
        JfRect rect = Sized<JfRect>();
        rect.x = placement.target.x;
        rect.y = placement.target.y;
        rect.width = placement.target.width;
        rect.height = placement.target.height;
        JfPreprocess preprocess = Sized<JfPreprocess>();
        std::copy(spec.scale.begin(), spec.scale.end(), preprocess.scale);
        std::fill(std::begin(preprocess.pad), std::end(preprocess.pad), spec.pad);
        for (const int type : {JF_FLOAT32, JF_FLOAT16}) {
          const std::size_t bytes = expected.size() * (type == JF_FLOAT16 ? 2 : 4);
          const cuda::DeviceMemory memory = cuda::Allocate(bytes);
          JfTensor tensor = Sized<JfTensor>();
          tensor.type = type;
          tensor.memory = JF_CUDA;
          tensor.data = reinterpret_cast<void*>(memory.get());
          tensor.bytes = bytes;
          tensor.rank = 4;
          tensor.dims[0] = 1;
          tensor.dims[1] = 3;
          tensor.dims[2] = input.height;
          tensor.dims[3] = input.width;
          preparer.Prepare({surface}, {rect}, preprocess, tensor, false, stream);
          std::vector<std::uint16_t> halves(type == JF_FLOAT16 ? expected.size() : 0);
          std::vector<float> floats(type == JF_FLOAT32 ? expected.size() : 0);
          void* const to = type == JF_FLOAT16 ? static_cast<void*>(halves.data()) : floats.data();
          const cuda::Driver& driver = cuda::TheDriver();
          driver.Check(driver.to_host(to, memory.get(), bytes, stream.get()), "reading back");
          cuda::Synchronize(stream);
          for (std::size_t i = 0; i < expected.size(); ++i) {
            if (type == JF_FLOAT32) {
              worst = std::max(worst, std::fabs(floats[i] - expected[i]));
            } else if (halves[i] != kernels::HalfOf(expected[i])) {
              worst_half = 1;
            }
          }
        }
        ++cases;
      }
    }
  }
  return Figures()
      .Add("cases", cases)
      .Add("worstDifferenceOf255ths", static_cast<double>(worst) * 255)
      .Add("float16EqualsRoundedFloat32", worst_half == 0 ? "yes" : "no");
}

}  // namespace jetfleet::bench
