"""Clusters on AWS: a bucket and roles, a plan with its price, a run under a budget, nothing left running.

One interface (:mod:`fruits.cloud.target`) stands before two services, EMR on EC2 and EMR Serverless. What a run has
done so far is kept in the bucket, so that the command can be killed anywhere and called again.
"""
