#include "tumours.hpp"

#include "embedded_file.hpp"

#include <cmath>
#include <sstream>
#include <stdexcept>
#include <string>

EMBED_FILE(tumours_file, CAF_TUNE_EXAMPLE_DATA "/breast_cancer.csv");

tumours load_tumours() {
  std::istringstream text(std::string(tumours_file_begin, tumours_file_end));
  Eigen::Index rows = 0, columns = 0;
  char comma = 0;
  std::string rest;
  text >> rows >> comma >> columns;
  std::getline(text, rest); // The names of the classes.
  tumours all{Eigen::MatrixXd(rows, columns), Eigen::VectorXd(rows)};
  for (Eigen::Index r = 0; r < rows; ++r) {
    for (Eigen::Index c = 0; c < columns; ++c)
      text >> all.features(r, c) >> comma;
    text >> all.benign(r);
  }
  if (!text)
    throw std::runtime_error("breast_cancer.csv: expected " + std::to_string(rows) + " rows of numbers");
  for (Eigen::Index c = 0; c < columns; ++c) {
    auto column = all.features.col(c).array();
    column -= column.mean();
    column /= std::sqrt(column.square().mean());
  }
  return all;
}
