#include <gtest/gtest.h>

#include <clocale>
#include <cmath>
#include <cstdio>
#include <limits>

#include "core/json/analytics.h"
#include "core/json/attributes.h"
#include "core/json/number.h"
#include "core/json/results.h"

namespace jetfleet {
namespace {

std::string Fixed(double value, int decimals) {
  JsonText json;
  json.Fixed(value, decimals);
  return json.Take();
}

std::string Text(const std::string& value) {
  JsonText json;
  json.Text(value);
  return json.Take();
}

FrameResult FrameOf(std::vector<Detection> detections) {
  FrameResult frame;
  frame.source = std::make_shared<const std::string>("cam");
  frame.model = std::make_shared<ModelTag>(ModelTag{"m", {"person", "a\"b\\\n"}});
  frame.size = {640, 480};
  frame.detections = std::move(detections);
  return frame;
}

std::string Json(const FrameResult& frame, std::size_t left_out = 0) {
  JsonText json;
  EXPECT_EQ(FrameWriter().Write(frame, &json), left_out);
  return json.Take();
}

TEST(JsonText, WritesNumbersWithTheDigitsThatMeanSomething) {
  EXPECT_EQ(Fixed(0, 2), "0");
  EXPECT_EQ(Fixed(-0.004, 2), "0");
  EXPECT_EQ(Fixed(1.5, 2), "1.5");
  EXPECT_EQ(Fixed(-12.345, 2), "-12.35");
  EXPECT_EQ(Fixed(-0.05, 2), "-0.05");
  EXPECT_EQ(Fixed(0.000001, 6), "0.000001");
  EXPECT_EQ(Fixed(99.996, 2), "100");
  EXPECT_EQ(Fixed(123456789012, 3), "123456789012");
  EXPECT_EQ(Fixed(1382400, 0), "1382400");
}

/// As printf has it, which rounds halves otherwise: hence steps that are none.
template <int kDecimals>
void ExpectLikePrintf(double value) {
  char written[kLongestNumber] = {};
  *PutFixed<kDecimals>(written, value) = '\0';
  char expected[64];
  std::snprintf(expected, sizeof expected, "%.*f", kDecimals, value);
  std::string trimmed = expected;
  while (trimmed.back() == '0') trimmed.pop_back();
  if (trimmed.back() == '.') trimmed.pop_back();
  EXPECT_EQ(written, trimmed == "-0" ? "0" : trimmed);
  EXPECT_EQ(Fixed(value, kDecimals), written);
}

TEST(JsonText, WritesNumbersOfEverySize) {
  for (double size = 1e-5; size < 1e11; size *= 1.7) {
    for (const double value : {size, -size, size * 1.3317, std::floor(size)}) {
      ExpectLikePrintf<2>(value);
      ExpectLikePrintf<4>(value);
    }
  }
}

TEST(JsonText, WritesOverMemoryThatItIsGiven) {
  JsonText json(std::string(100, 'x'));
  json.BeginArray().Integer(1).Integer(2).EndArray();
  EXPECT_EQ(json.Take(), "[1,2]");
  EXPECT_EQ(json.size(), 0U);
}

TEST(JsonText, WritesNoNumberThatJsonCannotHold) {
  for (const double value : {std::nan(""), -std::nan(""), std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity(), 1e12, -1e300}) {
    EXPECT_FALSE(JsonText::Holds(value));
    EXPECT_EQ(Fixed(value, 2), "null");
  }
}

TEST(JsonText, WritesPointsWhateverTheLocaleSays) {
  const char* before = std::setlocale(LC_ALL, nullptr);
  const std::string former = before == nullptr ? "C" : before;
  for (const char* locale : {"de_DE.UTF-8", "C.UTF-8"}) std::setlocale(LC_ALL, locale);
  EXPECT_EQ(Fixed(1.5, 2), "1.5");
  std::setlocale(LC_ALL, former.c_str());
}

TEST(JsonText, EscapesWhatJsonMustNotHoldAndMendsWhatIsNoUtf8) {
  EXPECT_EQ(Text("plain"), "\"plain\"");
  EXPECT_EQ(Text("a\"b\\c\n\x1b\x7f"), "\"a\\\"b\\\\c\\u000a\\u001b\x7f\"");
  EXPECT_EQ(Text(std::string("\0", 1)), "\"\\u0000\"");
  EXPECT_EQ(Text("ä€🚲"), "\"ä€🚲\"");
  EXPECT_EQ(Text("\xC3"), "\"\xEF\xBF\xBD\"");
  EXPECT_EQ(Text("\xC0\xAF"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(Text("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(Text("\xF5\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(Text("\xF0\x9F\x9A"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(Results, WriteAFrameAsTheContractHasIt) {
  auto frame = FrameOf({{{1.234F, -2, 30, 40.5F}, 0.87654F, 1}});
  frame.tag = FrameTag{7, 1'700'000'000'123'456};
  frame.id.index = 3;
  frame.pts_ms = 120.0004;
  frame.tracks = std::vector<Track>{{frame.detections[0], 9}};
  EXPECT_EQ(Json(frame),
            R"({"source":"cam","sourceFrame":7,"capturedAtMs":1700000000123.456,"index":3,)"
            R"("ptsMs":120,"width":640,"height":480,)"
            R"("detections":[{"label":"a\"b\\\u000a","score":0.8765,"box":[1.23,-2,30,40.5]}],)"
            R"("tracks":[{"label":"a\"b\\\u000a","score":0.8765,"box":[1.23,-2,30,40.5],)"
            R"("trackId":9}]})");
}

TEST(Results, SayOfAFrameWhyNobodyLookedAtItAndOfASourceHowMany) {
  auto frame = FrameOf({});
  frame.skip = Skip::kInterval;
  frame.tracks = std::vector<Track>{};
  EXPECT_NE(Json(frame).find(R"("skipped":"interval","detections":[],"tracks":[])"),
            std::string::npos);
  PipelineReport report;
  report.figures.sources[0].detect_interval = 3;
  report.figures.sources[0].looked = {5, 9};
  JsonText json;
  WriteStats(report, "p", {}, &json);
  EXPECT_NE(json.Take().find(R"("detect":{"interval":3,"detectedTotal":5,)"
                             R"("skipped":[{"reason":"interval","total":9}]}})"),
            std::string::npos);
}

AnalyticsEvent VisitOf(AnalyticsEvent::Kind kind) {
  AnalyticsEvent event;
  event.kind = kind;
  event.id = 4;
  event.source = std::make_shared<const std::string>("cam");
  event.place = "hall";
  event.track = 7;
  event.label = "person";
  event.picture = {640, 480};
  event.at = {2.5, 1'700'000'000'123.5};
  event.box = {1, 2, 3, 4.125F};
  event.dwell_seconds = 1.25;
  event.best_score = 0.87654F;
  event.best_at = {1.5, {}};
  event.best_box = {5, 6, 7, 8};
  return event;
}

TEST(Events, AreWrittenAsTheContractHasThem) {
  const auto json = [](const AnalyticsEvent& event) {
    JsonText text;
    WriteEvent(event, &text);
    return text.Take();
  };
  const std::string who = R"("trackId":7,"label":"person",)";
  const std::string rest =
      R"("ptsMs":2500,"capturedAtMs":1700000000123.5,"box":[1,2,3,4.13],"width":640,"height":480,)"
      R"("best":{"score":0.8765,"ptsMs":1500,"capturedAtMs":null,"box":[5,6,7,8]}})";
  EXPECT_EQ(json(VisitOf(AnalyticsEvent::Kind::kZoneLeft)),
            R"({"kind":"zone-left","id":4,"source":"cam","place":"hall","dwellMs":1250,)"
            R"("end":"left",)" +
                who + rest);
  AnalyticsEvent crossing = VisitOf(AnalyticsEvent::Kind::kLineCrossed);
  crossing.direction = -1;
  EXPECT_EQ(json(crossing),
            R"({"kind":"line-crossed","id":4,"source":"cam","place":"hall","direction":"out",)" +
                who + rest);
}

TEST(Results, WriteWhatLinesAndZonesCounted) {
  PipelineReport report;
  report.figures.analytics =
      AnalyticsFigures{{{"door", 3, 1}}, {{"hall", 1, 5, 4, 10}, {"yard", 0, 0, 0, 0}}, 0, 0};
  JsonText json;
  WriteStats(report, "p", {}, &json);
  EXPECT_NE(json.Take().find(
                R"("analytics":{"lines":[{"name":"door","in":3,"out":1}],"zones":[)"
                R"({"name":"hall","occupancy":1,"entered":5,"left":4,"meanDwellMs":2500},)"
                R"({"name":"yard","occupancy":0,"entered":0,"left":0,"meanDwellMs":null}]})"),
            std::string::npos);
}

TEST(Results, WriteAttributesWithTheTrackThatTheyAreOf) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto kind = std::make_shared<const std::string>("kind");
  const auto look = std::make_shared<const std::string>("look");
  const auto said = [](const std::string& label, float score, std::vector<float> vector = {}) {
    return std::make_shared<const Answer>(Answer{label, score, std::move(vector)});
  };
  auto frame = FrameOf({});
  const Detection person{{1, 2, 3, 4}, 0.5F, 0};
  frame.tracks =
      std::vector<Track>{{{{nan, 2, 3, 4}, 0.5F, 0}, 1}, {person, 2}, {person, 3}, {person, 4}};
  frame.attributes = {{1, kind, said("lost", 1)},
                      {2, kind, said("a\"b", 0.98766F)},
                      {2, look, said("", 0, {1, -0.5F})},
                      {4, look, said("", 0, {0})}};
  const std::string object = R"({"label":"person","score":0.5,"box":[1,2,3,4],"trackId":)";
  EXPECT_NE(Json(frame, 1).find(R"("tracks":[)" + object +
                                R"(2,"attributes":{"kind":{"label":"a\"b","score":0.9877},)"
                                R"("look":{"vector":"AACAPwAAAL8="}}},)" +
                                object + "3}," + object +
                                R"(4,"attributes":{"look":{"vector":"AAAAAA=="}}}])"),
            std::string::npos)
      << Json(frame, 1);
}

TEST(Results, WriteVectorsOfEveryLengthInBase64) {
  EXPECT_EQ(VectorText({}), "");
  EXPECT_EQ(VectorText({1, 2, 3}), "AACAPwAAAEAAAEBA");
  EXPECT_EQ(VectorText({-1}), "AACAvw==");
}

TEST(Results, WriteFiguresOfSecondaryModels) {
  PipelineReport report;
  JsonText none;
  WriteStats(report, "p", {}, &none);
  EXPECT_EQ(none.Take().find("secondary"), std::string::npos);
  SecondaryReport secondary;
  secondary.name = "kind";
  secondary.model = "sha256:1";
  secondary.figures.interval.frames = 2;
  secondary.figures.interval.work_ms = Percentiles{1, 2, 3, 4};
  secondary.figures.queue = {1, 5, 16, 2, 7};
  secondary.figures.looked = 9;
  secondary.figures.runs = 4;
  secondary.unbatched = "it folds them";
  report.figures.secondaries = {secondary};
  JsonText json;
  WriteStats(report, "p", {}, &json);
  EXPECT_NE(json.Take().find(
                R"("secondary":[{"name":"kind","model":"sha256:1","looked":2,"lookedTotal":9,)"
                R"("droppedTotal":7,"runsTotal":4,"waitMs":null,)"
                R"("workMs":{"p50":1,"p95":2,"p99":3,"max":4},)"
                R"("queue":{"level":1,"max":5,"capacity":16},)"
                R"("batch":{"most":1,"why":"it folds them"}}])"),
            std::string::npos);
}

TEST(Results, TellOfOneSourceHowPartsOfItsPicturesShareRuns) {
  PipelineReport report;
  report.figures.slots = 4;
  report.figures.batch = 4;
  JsonText json;
  WriteStats(report, "p", {}, &json);
  EXPECT_NE(json.Take().find(R"("batch":{"most":4})"), std::string::npos);
  report.figures.slots = 1;
  WriteStats(report, "p", {}, &json);
  EXPECT_EQ(json.Take().find("batch"), std::string::npos);
}

TEST(Results, LeaveOutAndCountWhatIsNoDetection) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinite = std::numeric_limits<float>::infinity();
  const Box box{1, 2, 3, 4};
  const auto frame = FrameOf({{{nan, 2, 3, 4}, 0.5F, 0},
                              {{1, 2, infinite, 4}, 0.5F, 0},
                              {box, nan, 0},
                              {box, 0.5F, 2},
                              {box, 0.5F, -1},
                              {box, 0.5F, 0}});
  EXPECT_NE(Json(frame, 5).find(R"("detections":[{"label":"person","score":0.5,"box":[1,2,3,4]}])"),
            std::string::npos);
}

TEST(Results, NameLabelsOfTheFramesOwnModel) {
  FrameWriter writer;
  const auto label_of = [&writer](const FrameResult& frame) {
    JsonText json;
    writer.Write(frame, &json);
    const std::string text = json.Take();
    const std::string before = R"("label":")";
    const std::size_t from = text.find(before) + before.size();
    return text.substr(from, text.find('"', from) - from);
  };
  const auto before = FrameOf({{{1, 2, 3, 4}, 0.5F, 0}});
  auto after = before;
  after.model = std::make_shared<ModelTag>(ModelTag{"n", {"cat"}});
  EXPECT_EQ(label_of(before), "person");
  EXPECT_EQ(label_of(after), "cat");
  EXPECT_EQ(label_of(before), "person");
}

TEST(Results, HoldTheLargestNumbersOfAllFields) {
  const float most = 999'999'000'000.0F;
  auto frame = FrameOf({{{-most, -most, most, most}, 1, 0}});
  frame.tracks = std::vector<Track>{{frame.detections[0], std::numeric_limits<int>::max()}};
  const std::string side = std::to_string(static_cast<std::int64_t>(most));
  const std::string box = R"("box":[-)" + side + ",-" + side + "," + side + "," + side + "]";
  const std::string json = Json(frame);
  EXPECT_NE(json.find(box + "}]"), std::string::npos) << json;
  EXPECT_NE(json.find(box + R"(,"trackId":2147483647}])"), std::string::npos) << json;
}

TEST(Results, DoNotBelieveAFrameNumberThatNoCameraCounts) {
  auto frame = FrameOf({});
  frame.tag = FrameTag{~std::uint64_t{0}, ~std::uint64_t{0}};
  EXPECT_NE(Json(frame).find(R"("sourceFrame":null,"capturedAtMs":null)"), std::string::npos);
}

TEST(Results, WriteOnlyTheDropsThatHappened) {
  JsonText json;
  WriteStats({}, "p", {{"javascript", "late", 0}, {"results", "not-a-number", 2}}, &json);
  EXPECT_EQ(json.Take(),
            R"({"name":"p","fps":0,"framesTotal":0,"droppedTotal":0,"latencyMs":null,)"
            R"("latencyFrom":"arrival","stages":[],)"
            R"("drops":[{"place":"results","reason":"not-a-number","total":2}],"tracksTotal":0,)"
            R"("copiesPerFrame":0,"copiedBytesPerFrame":0,)"
            R"("source":{"state":"connecting","reconnects":0}})");
}

}  // namespace
}  // namespace jetfleet
