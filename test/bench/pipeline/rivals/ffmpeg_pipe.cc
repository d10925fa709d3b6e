// ffmpeg-pipe RUNTIME MODEL CLIP STREAMS WIDTH HEIGHT: for each stream an ffmpeg process decodes
// with one thread, scales into the model's square and writes pixels to a pipe; pipes are read in
// turn.
#include <string>

#include "inference.h"

int main(int argc, char** argv) {
  if (argc != 7) rivals::Die("usage: ffmpeg-pipe RUNTIME MODEL CLIP STREAMS WIDTH HEIGHT");
  rivals::Inference inference(argv[1], argv[2]);
  const double ratio =
      std::min(rivals::kSide / std::atof(argv[5]), rivals::kSide / std::atof(argv[6]));
  const int width = static_cast<int>(std::atof(argv[5]) * ratio + 0.5);
  const int height = static_cast<int>(std::atof(argv[6]) * ratio + 0.5);
  const std::string command = "ffmpeg -v error -nostdin -threads 1 -i '" + std::string(argv[3]) +
                              "' -an -filter_threads 1 -vf scale=" + std::to_string(width) + ":" +
                              std::to_string(height) +
                              ":flags=bilinear -pix_fmt bgr24 -f rawvideo -";
  std::vector<FILE*> pipes;
  for (int i = 0; i < std::atoi(argv[4]); ++i) {
    pipes.push_back(popen(command.c_str(), "r"));
    if (pipes.back() == nullptr) rivals::Die("cannot start ffmpeg");
  }
  std::vector<unsigned char> picture(static_cast<std::size_t>(width) * height * 3);
  rivals::Meter meter;
  int frames = 0;
  int objects = 0;
  meter.Begin();
  // All are of the same length.
  for (std::size_t turn = 0;; turn = (turn + 1) % pipes.size()) {
    if (std::fread(picture.data(), 1, picture.size(), pipes[turn]) != picture.size()) break;
    for (int y = 0; y < height; ++y) {
      const unsigned char* row = &picture[static_cast<std::size_t>(y) * width * 3];
      float* out = inference.tensor() + static_cast<std::size_t>(y) * rivals::kSide;
      for (int x = 0; x < width; ++x) {
        out[x] = row[3 * x];
        out[rivals::kPlane + x] = row[3 * x + 1];
        out[2 * rivals::kPlane + x] = row[3 * x + 2];
      }
    }
    objects += inference.Run();
    ++frames;
  }
  for (FILE* const pipe : pipes) {
    if (pclose(pipe) != 0) rivals::Die("ffmpeg failed");
  }
  meter.Print(frames, objects);
}
