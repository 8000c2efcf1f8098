/**
 * What a cosine means in one embedding model. Models differ: two tasks that have nothing to do with each other are at 0.1 in one and at 0.7 in
 * another, and within a model some questions are near to everything. So a fixed list of tasks, which no question is about, is embedded once
 * for each process, and a cosine is told in standard deviations above what the question has with those.
 */
import type { Embedder } from "./embed.ts";
import { dot } from "./vector.ts";

/** @returns how many standard deviations a cosine is above that with an unrelated task */
export type Standing = (cosine: number) => number;
export type Background = {
  /** @throws Error when the embedding service is away; the next call tries again */
  standingOf(question: Float32Array): Promise<Standing>;
};

/** A model that tells nothing apart must not make everything stand out. */
const leastDeviation = 0.01;

const unrelated = `
Add a login page with email and password
Write unit tests for the date parser
Upgrade the web framework to the latest version
Deploy the service to the staging cluster
Fix the crash when the list is empty
Set up continuous integration for the repository
Document the public API
Cache the results of slow queries
Rename the customer table
Add dark mode to the dashboard
Send a reminder by email before an appointment
Import contacts from a spreadsheet
Rotate the TLS certificates
Refactor the error handling of the HTTP client
Show a progress bar during upload
Encrypt backups before they leave the machine
Reduce the size of the container image
Measure how long a build takes
Translate the settings screen into Spanish
Remove unused dependencies
Schedule a nightly cleanup of temporary files
Add pagination to the search results
Log every request with its duration
Validate the address form on the server
Create a chart of monthly revenue
Move static files to object storage
Support drag and drop in the file browser
Limit the number of login attempts
Migrate the data to the new schema
Explain the architecture in a diagram
Publish the package to the registry
Play a sound when a message arrives
Plan the release of the next version
Collect feedback from the first users
Compare three vendors of mail delivery
Prepare the slides for the quarterly review
Hire a second backend developer
Order new laptops for the team
Draft the privacy policy
Organise the summer party
Train a classifier on support tickets
Parse command line arguments
Generate thumbnails of uploaded pictures
Detect duplicate orders
Simulate the movement of the robot arm
Calibrate the temperature sensor
Compile the firmware for the new board
Read GPS positions from the serial port
Render the map in the browser
Synchronise files between two machines
Add a command to list running jobs
Store user preferences in local storage
Profile the memory use of the worker
Make buttons reachable by keyboard
Write the changelog
Check links in the documentation
Add a retry with backoff to the payment client
Configure the firewall of the database host
Simplify the onboarding of new customers
Build a plugin for the editor
Split the monolith into services
Stream logs to the terminal
Add a health check to the gateway
Calculate the price with discounts
`
  .trim()
  .split("\n");

export function createBackground(embedder: Embedder): Background {
  let learned: Promise<{ vectors: Float32Array[]; deviation: number }> | undefined;

  async function learn() {
    const vectors = await embedder.embed(unrelated, "document");
    const cosines = vectors.flatMap((one, at) => vectors.slice(0, at).map((other) => dot(one, other)));
    return { vectors, deviation: Math.max(deviationOf(cosines), leastDeviation) };
  }

  return {
    async standingOf(question) {
      learned ??= learn().catch((error: unknown) => {
        learned = undefined;
        throw error;
      });
      const { vectors, deviation } = await learned;
      const usual = mean(vectors.map((vector) => dot(question, vector)));
      return (cosine) => (cosine - usual) / deviation;
    },
  };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function deviationOf(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}
