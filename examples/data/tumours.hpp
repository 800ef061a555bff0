#pragma once

#include <vector>

#include <Eigen/Core>

/// Cell nuclei of breast tumours, each of which is malignant or benign.
struct tumours {
  Eigen::MatrixXd features; ///< A row for each tumour; each column has mean 0 and deviation 1.
  Eigen::VectorXd benign;   ///< 1: benign, 0: malignant.
};

/// All of breast_cancer.csv, which is part of the program.
tumours load_tumours();
