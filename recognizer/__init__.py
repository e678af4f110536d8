"""Read handwritten digits: from ink to a 28x28 picture, from the picture to a digit.

Nothing heavy is imported here: `import recognizer` costs no OpenCV, no LiteRT and no Keras.
Five layers; a module imports only the layers below its own, and tests/test_layers.py proves it:

5. cli, doctor: the command line; api: the same over HTTP
4. training, jobs: train a network; queue, follow and resume trainings
3. models, inference, numbers, forms, adaptation, cluster, explain, preview: models, and what reads
2. imaging, preprocessing, architectures, outputs, evaluation, trajectory, comparison, datasets,
   audit, classroom: what a class writes, beside what people correct
1. errors, records, system: errors, shared types, files and locks
"""
