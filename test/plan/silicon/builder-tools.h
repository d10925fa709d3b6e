// What the programs of this folder share: owning what a builder makes, parsing a model, and
// printing JSON.
#pragma once

#include <NvInfer.h>
#include <NvOnnxParser.h>

#include <chrono>
#include <exception>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>

template <typename T>
std::unique_ptr<T> made(T* object, char const* what) {
  if (object == nullptr) throw std::runtime_error(std::string("TensorRT made no ") + what);
  return std::unique_ptr<T>(object);
}

inline std::string quoted(std::string const& text) {
  std::ostringstream out;
  out << '"';
  for (char const c : text) {
    if (c == '"' || c == '\\')
      out << '\\' << c;
    else if (static_cast<unsigned char>(c) < 0x20)
      out << ' ';
    else
      out << c;
  }
  out << '"';
  return out.str();
}

inline double secondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/** A network of a model; the parser owns its weights and must outlive it. */
struct ParsedModel {
  std::unique_ptr<nvonnxparser::IParser> parser;
  std::unique_ptr<nvinfer1::INetworkDefinition> network;
};

inline ParsedModel parseModel(nvinfer1::IBuilder& builder, nvinfer1::ILogger& logger,
                              nvinfer1::NetworkDefinitionCreationFlags flags,
                              std::string const& path) {
  ParsedModel model;
  model.network = made(builder.createNetworkV2(flags), "network");
  model.parser = made(nvonnxparser::createParser(*model.network, logger), "parser");
  if (!model.parser->parseFromFile(path.c_str(), 0)) {
    auto const* error = model.parser->getNbErrors() > 0 ? model.parser->getError(0) : nullptr;
    throw std::runtime_error(std::string("parsing: ") + (error ? error->desc() : "no reason"));
  }
  return model;
}

/** Runs a program's work, and says what was thrown: libraries of vendors throw across their
 * interface. */
template <typename Work>
int reporting(char const* program, Work&& work) {
  try {
    work();
    return 0;
  } catch (std::exception const& error) {
    std::cerr << program << ": " << error.what() << "\n";
  } catch (...) {
    std::cerr << program << ": TensorRT threw something that is no exception\n";
  }
  return 1;
}
